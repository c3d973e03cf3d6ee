namespace Notifications.OrderService.Outbox;

internal static class OutboxRegistration
{
    public static void AddOutbox(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<OutboxOptions>().BindConfiguration(OutboxOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<OutboxTable>();
        services.AddSingleton<StreamSender>();
        services.AddHostedService<OutboxRelay>();
        services.AddHostedService<OutboxGauges>();
    }
}
