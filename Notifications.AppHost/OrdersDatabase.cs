using Microsoft.Extensions.Configuration;

namespace Notifications.AppHost;

internal static class OrdersDatabase
{
    private const string ServiceConnection = "orders";

    /// <summary>Hands <c>ConnectionStrings:orders</c> on where it is configured; without it the service keeps its own SQLite file.</summary>
    public static IResourceBuilder<ProjectResource> WithOrdersDatabase(this IResourceBuilder<ProjectResource> project)
    {
        // Not as a resource of its own: it would have the name that the service has.
        var configured = project.ApplicationBuilder.Configuration.GetConnectionString(ServiceConnection);
        return string.IsNullOrWhiteSpace(configured)
            ? project
            : project.WithEnvironment($"ConnectionStrings__{ServiceConnection}", configured);
    }
}
