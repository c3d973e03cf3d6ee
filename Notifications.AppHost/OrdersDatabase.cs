using Microsoft.Extensions.Configuration;

namespace Notifications.AppHost;

internal static class OrdersDatabase
{
    private const string ServiceConnection = "orders";
    private const string Variable = $"ConnectionStrings__{ServiceConnection}";

    /// <summary>
    /// Hands <c>ConnectionStrings:orders</c> on where it is configured; without it the service keeps its own SQLite file. Published it is the
    /// secret parameter <c>orders-database</c>: a container has no file that outlives it.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithOrdersDatabase(this IResourceBuilder<ProjectResource> project)
    {
        if (project.ApplicationBuilder.ExecutionContext.IsPublishMode)
        {
            return project.WithEnvironment(Variable, project.ApplicationBuilder.AddParameter("orders-database", secret: true));
        }

        // Not as a resource of its own: it would have the name that the service has.
        var configured = project.ApplicationBuilder.Configuration.GetConnectionString(ServiceConnection);
        return string.IsNullOrWhiteSpace(configured)
            ? project
            : project.WithEnvironment(Variable, configured);
    }
}
