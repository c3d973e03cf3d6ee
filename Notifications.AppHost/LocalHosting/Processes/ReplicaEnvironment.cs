using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>The environment variables that a replica gets on top of the AppHost's own.</summary>
internal sealed class ReplicaEnvironment(IConfiguration configuration, IHostEnvironment host)
{
    public async Task<IReadOnlyDictionary<string, string>> OfAsync(ProcessResource resource, ReplicaContext replica, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>();
        if (resource is ProjectResource)
        {
            if (replica.Address is not null)
            {
                environment["ASPNETCORE_URLS"] = replica.Address.ToString().TrimEnd('/');
            }

            AddTelemetry(environment, resource.Name, replica.InstanceId);
        }

        foreach (var add in resource.Environment)
        {
            await add(environment, cancellationToken);
        }

        return environment;
    }

    private void AddTelemetry(Dictionary<string, string> environment, string serviceName, string instanceId)
    {
        environment["OTEL_SERVICE_NAME"] = serviceName;
        environment["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={instanceId}";
        // Empty where there is no receiver, so that a value of the AppHost's own environment is not inherited.
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] ?? "";
        environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";
        if (host.IsDevelopment())
        {
            // Somebody is watching: a second instead of the exporters' 5 to 60.
            environment["OTEL_BSP_SCHEDULE_DELAY"] = environment["OTEL_BLRP_SCHEDULE_DELAY"] = environment["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
        }
    }
}
