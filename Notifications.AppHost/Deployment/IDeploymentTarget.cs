namespace Notifications.AppHost.Deployment;

/// <summary>
/// What the published system runs on. Each is one file below <c>Targets</c> on a package of Aspire's own, and a build without that package
/// leaves the file out: the property <c>DeploymentTargets</c>, see docs/hosting.md.
/// </summary>
internal interface IDeploymentTarget
{
    /// <summary>What <see cref="DeploymentTargets.Key"/> calls it.</summary>
    string Name { get; }

    /// <summary>The Redis of the published system.</summary>
    IResourceBuilder<IResourceWithConnectionString> AddRedis(IDistributedApplicationBuilder builder, string name);

    /// <summary>Adds the environment that the services run in, and what they need there alone.</summary>
    void Place(IDistributedApplicationBuilder builder, PublishedServices services);
}

/// <summary>The projects of the system, as <c>AppHost.cs</c> describes them.</summary>
internal sealed record PublishedServices(
    IResourceBuilder<ProjectResource> Hub, IResourceBuilder<ProjectResource> Orders, IResourceBuilder<ProjectResource> Gateway)
{
    public IEnumerable<IResourceBuilder<ProjectResource>> All => [Hub, Orders, Gateway];
}
