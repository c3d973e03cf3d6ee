using Aspire.Hosting.Docker.Resources.ServiceNodes.Swarm;

namespace Notifications.AppHost.Deployment.Targets;

/// <summary>One machine with Docker Compose or Podman. The gateways find each hub container by its address in the registry.</summary>
internal sealed class ComposeTarget : IDeploymentTarget
{
    public string Name => "compose";

    public IResourceBuilder<IResourceWithConnectionString> AddRedis(IDistributedApplicationBuilder builder, string name) => builder.AddDurableRedis(name, volume: "redis-data");

    public void Place(IDistributedApplicationBuilder builder, PublishedServices services)
    {
        builder.AddDockerComposeEnvironment("compose");
        services.Hub.WithHubWindow();
        foreach (var (service, seconds) in services.GracePeriods())
        {
            var replicas = service.Resource.GetReplicaCount();
            service.PublishAsDockerComposeService((_, container) =>
            {
                container.StopGracePeriod = $"{seconds}s";
                container.Restart = "unless-stopped";
                container.ReadOnly = true;
                container.Tmpfs.Add("/tmp");
                container.CapDrop.Add("ALL");
                container.SecurityOpt.Add("no-new-privileges:true");
                // The publisher leaves out what WithReplicas says.
                container.Deploy = new Deploy { Replicas = replicas };
            });
        }
    }
}
