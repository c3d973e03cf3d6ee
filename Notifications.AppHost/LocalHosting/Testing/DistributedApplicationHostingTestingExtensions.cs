using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Testing;

public static class DistributedApplicationHostingTestingExtensions
{
    public static HttpClient CreateHttpClient(this DistributedApplication app, string resourceName, string? endpointName = null) =>
        new() { BaseAddress = app.GetEndpoint(resourceName, endpointName) };

    public static Uri GetEndpoint(this DistributedApplication app, string resourceName, string? endpointName = null) =>
        app.ResourceNamed(resourceName) is ProcessResource { Endpoint: { } endpoint } && endpointName is null or HttpEndpoint.Name
            ? endpoint.Address
            : throw new ArgumentException($"\"{resourceName}\" has no endpoint \"{endpointName ?? HttpEndpoint.Name}\".", nameof(endpointName));

    public static ValueTask<string?> GetConnectionStringAsync(this DistributedApplication app, string resourceName, CancellationToken cancellationToken = default) =>
        app.ResourceNamed(resourceName) is IResourceWithConnectionString resource
            ? resource.GetConnectionStringAsync(cancellationToken)
            : throw new ArgumentException($"\"{resourceName}\" has no connection string.", nameof(resourceName));

    private static IResource ResourceNamed(this DistributedApplication app, string name) =>
        app.Services.GetRequiredService<Orchestrator>().Resources.FirstOrDefault(resource => resource.Name == name)
            ?? throw new ArgumentException($"There is no resource \"{name}\".", nameof(name));
}
