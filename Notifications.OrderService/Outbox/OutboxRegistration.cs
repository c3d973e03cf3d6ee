using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Notifications.OrderService.Outbox;

internal static class OutboxRegistration
{
    private const string RedisHealthCheck = "StackExchange.Redis";

    public static void AddOutbox(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<OutboxOptions>().BindConfiguration(OutboxOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<OutboxTable>();
        services.AddSingleton<StreamSender>();
        services.AddHostedService<OutboxRelay>();
        services.AddHostedService<OutboxGauges>();
        // Orders are taken while Redis is away, so the service is ready then; what waits for Redis shows in the metrics.
        services.Configure<HealthCheckServiceOptions>(options =>
        {
            foreach (var ping in options.Registrations.Where(check => check.Name == RedisHealthCheck).ToArray())
            {
                options.Registrations.Remove(ping);
            }
        });
    }
}
