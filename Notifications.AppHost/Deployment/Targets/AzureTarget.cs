using Azure.Provisioning.AppContainers;

namespace Notifications.AppHost.Deployment.Targets;

/// <summary>
/// Azure Container Apps. Its replicas have no address that others reach, so the gateway sends all to the hub's one address, whose ingress keeps
/// a session at its replica. docs/deploy.md says what of this was tried.
/// </summary>
internal sealed class AzureTarget : IDeploymentTarget
{
    private const string GatewayAddressKey = "GATEWAY_ADDRESS";
    private const string ScalerToken = "scaler-token";

    public string Name => "azure";

    // A key from Key Vault: with Entra ID, the default, each service would need Azure's extension of the Redis client.
    public IResourceBuilder<IResourceWithConnectionString> AddRedis(IDistributedApplicationBuilder builder, string name) =>
        builder.AddAzureManagedRedis(name).WithAccessKeyAuthentication();

    public void Place(IDistributedApplicationBuilder builder, PublishedServices services)
    {
        // Inside the environment the services call http://hub, by name: redirected to https, a WebSocket could not be opened.
        builder.AddAzureContainerAppEnvironment("notifications").WithHttpsUpgrade(false);
        services.Hub.WithHubWindow();
        services.WithProbes();
        services.Gateway
            .WithEnvironment("Gateway__Hubs", "Endpoint")
            // Nothing but the environment's own ingress reaches the gateway.
            .WithEnvironment("Gateway__KnownNetworks__0", "0.0.0.0/0")
            .WithEnvironment("Gateway__KnownNetworks__1", "::/0");

        foreach (var (service, seconds) in services.GracePeriods())
        {
            service.PublishAsAzureContainerApp((_, app) =>
            {
                app.Template.TerminationGracePeriodSeconds = seconds;
                // Rules of one's own replace the default one by HTTP requests, which does not see connections that stay open.
                app.Template.Scale.Rules.Add(new ContainerAppScaleRule
                {
                    Name = "cpu",
                    Custom = new ContainerAppCustomScaleRule
                    {
                        CustomScaleRuleType = "cpu",
                        Metadata = { ["type"] = "Utilization", ["value"] = $"{Scaling.CpuPercent}" },
                    },
                });
            });
        }

        services.Hub.PublishAsAzureContainerApp((_, app) =>
        {
            // Cookies of the ingress work with one active revision only.
            app.Configuration.ActiveRevisionsMode = ContainerAppActiveRevisionsMode.Single;
            // Later versions of Azure.Provisioning have another name for it, and this one too.
#pragma warning disable CS0618
            app.Configuration.Ingress.StickySessionsAffinity = StickySessionAffinity.Sticky;
#pragma warning restore CS0618
            app.Configuration.Ingress.AllowInsecure = true;
            app.Template.Scale.MaxReplicas = Scaling.HubMaxReplicas;
        });
        if (builder.Configuration[GatewayAddressKey] is { Length: > 0 } address)
        {
            AddConnectionsRule(services.Hub, address, builder.AddParameter(ScalerToken, secret: true));
        }

        services.Orders.PublishAsAzureContainerApp((_, app) => app.Configuration.Ingress.AllowInsecure = true);
    }

    /// <summary>
    /// By connections, which the gateway tells (<c>GET /api/operator/connections</c>). Its address is known after the first deployment, so that one
    /// goes by CPU alone.
    /// </summary>
    /// <remarks>https://keda.sh/docs/latest/scalers/metrics-api/</remarks>
    private static void AddConnectionsRule(IResourceBuilder<ProjectResource> hub, string gateway, IResourceBuilder<ParameterResource> token) =>
        hub.PublishAsAzureContainerApp((infrastructure, app) =>
        {
            app.Configuration.Secrets ??= [];
            app.Configuration.Secrets.Add(new ContainerAppWritableSecret { Name = ScalerToken, Value = token.AsProvisioningParameter(infrastructure) });
            app.Template.Scale.Rules.Add(new ContainerAppScaleRule
            {
                Name = "connections",
                Custom = new ContainerAppCustomScaleRule
                {
                    CustomScaleRuleType = "metrics-api",
                    Metadata =
                    {
                        ["url"] = $"{gateway.TrimEnd('/')}/api/operator/connections",
                        ["valueLocation"] = "connections",
                        ["targetValue"] = $"{Scaling.ConnectionsPerHub}",
                        ["authMode"] = "bearer",
                    },
                    Auth = { new ContainerAppScaleRuleAuth { SecretRef = ScalerToken, TriggerParameter = "token" } },
                },
            });
        });
}
