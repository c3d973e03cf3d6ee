using Notifications.Hubs.Instances;

namespace Notifications.Hubs.Operators;

internal static class OperatorRegistration
{
    /// <summary>Call it after <see cref="InstanceRegistration.AddInstance"/>, because operators act on instances.</summary>
    public static void AddOperators(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddUserInspector();
        services.AddSingleton<HubQuestions>();
        services.AddSingleton<IHubMessageHandler>(provider => provider.GetRequiredService<HubQuestions>());
        services.AddSingleton<UserLookup>();
        services.AddSingleton<InstanceFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<InstanceFeed>());
        // In MessagePack the members would have other names than in the API.
        services.AddSignalR().AddHubOptions<OperatorHub>(options => options.SupportedProtocols = ["json"]);
    }

    public static void MapOperators(this WebApplication app)
    {
        app.MapOperatorApi();
        app.MapHub<OperatorHub>(OperatorHub.Path).RequireAuthorization(policy => policy.RequireRole(TokenNames.OperatorRole));
    }
}
