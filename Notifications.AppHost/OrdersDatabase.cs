using Microsoft.Extensions.Configuration;

namespace Notifications.AppHost;

internal static class OrdersDatabase
{
    private const string ServiceConnection = "orders";
    private const string Variable = $"ConnectionStrings__{ServiceConnection}";

    /// <summary>
    /// Passes <c>ConnectionStrings:orders</c> to the service when it is configured. Without it, the service uses its own SQLite file. When published,
    /// the value is the secret parameter <c>orders-database</c>, because a container has no file that outlives it.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithOrdersDatabase(this IResourceBuilder<ProjectResource> project)
    {
        if (project.ApplicationBuilder.ExecutionContext.IsPublishMode)
        {
            return project.WithEnvironment(Variable, project.ApplicationBuilder.AddParameter("orders-database", secret: true));
        }

        // Not a resource of its own: its name would be the name of the service.
        var configured = project.ApplicationBuilder.Configuration.GetConnectionString(ServiceConnection);
        return string.IsNullOrWhiteSpace(configured)
            ? project
            : project.WithEnvironment(Variable, configured);
    }
}
