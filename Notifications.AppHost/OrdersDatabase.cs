using Microsoft.Extensions.Configuration;

namespace Notifications.AppHost;

internal static class OrdersDatabase
{
    /// <summary>Hands <c>ConnectionStrings:orders</c> on where it is configured; without it the service keeps its own SQLite file.</summary>
    public static IResourceBuilder<ProjectResource> WithOrdersDatabase(this IResourceBuilder<ProjectResource> project)
    {
        var builder = project.ApplicationBuilder;
        return string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("orders"))
            ? project
            : project.WithReference(builder.AddConnectionString("orders"));
    }
}
