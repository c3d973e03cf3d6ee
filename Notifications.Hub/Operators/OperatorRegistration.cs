using Notifications.Hubs.Instances;
using Notifications.Messaging;

namespace Notifications.Hubs.Operators;

internal static class OperatorRegistration
{
    /// <summary>After <see cref="InstanceRegistration.AddInstance"/>: an operator's word is about instances.</summary>
    public static void AddOperators(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddUserInspector();
        services.AddSingleton<DrainSwitch>();
        services.AddSingleton<HubQuestions>();
        services.AddHostedService(provider => provider.GetRequiredService<HubQuestions>());
        services.AddSingleton<UserLookup>();
    }
}
