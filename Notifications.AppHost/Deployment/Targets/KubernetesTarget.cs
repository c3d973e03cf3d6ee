using Aspire.Hosting.Kubernetes.Resources;

namespace Notifications.AppHost.Deployment.Targets;

/// <summary>A Helm chart. The gateways find each hub pod by its own address in the registry, so no ingress has to keep sessions together.</summary>
internal sealed class KubernetesTarget : IDeploymentTarget
{
    public string Name => "kubernetes";

    // The cluster's own or a managed one: a single pod with a volume would be neither replicated nor, by Aspire's chart, bound to a disk.
    public IResourceBuilder<IResourceWithConnectionString> AddRedis(IDistributedApplicationBuilder builder, string name) => builder.AddConnectionString(name);

    public void Place(IDistributedApplicationBuilder builder, PublishedServices services)
    {
        builder.AddKubernetesEnvironment("k8s").WithProperties(environment => environment.HelmChartName = "notifications");
        services.Hub.WithHubWindow();
        services.WithProbes();
        foreach (var (service, seconds) in services.GracePeriods())
        {
            service.PublishAsKubernetesService(published =>
            {
                var pod = published.Workload!.PodTemplate.Spec;
                pod.TerminationGracePeriodSeconds = seconds;
                pod.SecurityContext = new() { RunAsNonRoot = true, SeccompProfile = new() { Type = "RuntimeDefault" } };
                pod.Volumes.Add(new() { Name = "tmp", EmptyDir = new() });
                foreach (var container in pod.Containers)
                {
                    container.VolumeMounts.Add(new() { Name = "tmp", MountPath = "/tmp" });
                    foreach (var probe in (ProbeV1?[])[container.StartupProbe, container.ReadinessProbe, container.LivenessProbe])
                    {
                        // The publisher writes it in small letters, which Kubernetes refuses.
                        probe!.HttpGet!.Scheme = "HTTP";
                    }

                    container.SecurityContext = new()
                    {
                        AllowPrivilegeEscalation = false,
                        ReadOnlyRootFilesystem = true,
                        Capabilities = new() { Drop = { "ALL" } },
                    };
                    container.Resources = new() { Requests = { ["cpu"] = "250m", ["memory"] = "256Mi" } };
                }
            });
        }

        services.Hub.PublishAsKubernetesService(published => published.AdditionalResources.Add(Autoscaler(services.Hub.Resource)));
        services.Gateway.PublishAsKubernetesService(published => published.Service!.Spec.Type = "LoadBalancer");
    }

    /// <summary>By CPU: what an instance does for its connections. The number of requests says nothing of connections that stay open.</summary>
    private static HorizontalPodAutoscalerV2 Autoscaler(ProjectResource hub) => new()
    {
        Metadata = { Name = $"{hub.Name}-autoscaler" },
        Spec =
        {
            ScaleTargetRef = { ApiVersion = "apps/v1", Kind = "Deployment", Name = $"{hub.Name}-deployment", Metadata = null! },
            MinReplicas = hub.GetReplicaCount(),
            MaxReplicas = Scaling.HubMaxReplicas,
            Metrics =
            {
                new MetricSpecV2
                {
                    Type = "Resource",
                    Resource = { Name = "cpu", Target = { Type = "Utilization", AverageUtilization = Scaling.CpuPercent } },
                    // One source only, says Kubernetes; the class begins with all of them, empty.
                    ContainerResource = null!,
                    External = null!,
                    Object = null!,
                    Pods = null!,
                },
            },
            // One pod a minute when it gets quiet: each that goes sends its clients to the others.
            Behavior = { ScaleDown = { StabilizationWindowSeconds = 600, Policies = { new() { Type = "Pods", Value = 1, PeriodSeconds = 60 } } } },
        },
    };
}
