namespace Notifications.AppHost.Deployment;

/// <summary>Chooses what <c>aspire publish</c>, <c>aspire deploy</c> and <c>azd</c> write for. Nothing here has a part in a run.</summary>
internal static class DeploymentTargets
{
    public const string Key = "DEPLOY_TARGET";
    private const string Default = "azure";

    /// <exception cref="StartupProblem">There is no target of the configured name in this build.</exception>
    public static IResourceBuilder<IResourceWithConnectionString> AddPublishedRedis(this IDistributedApplicationBuilder builder, string name) =>
        builder.DeploymentTarget().AddRedis(builder, name);

    /// <summary>Adds what the chosen target needs, last: it looks at what the services are by then.</summary>
    /// <exception cref="StartupProblem">There is no target of the configured name in this build.</exception>
    public static void AddDeployment(
        this IDistributedApplicationBuilder builder,
        IResourceBuilder<ProjectResource> hub,
        IResourceBuilder<ProjectResource> orders,
        IResourceBuilder<ProjectResource> gateway)
    {
        if (builder.ExecutionContext.IsPublishMode)
        {
            builder.DeploymentTarget().Place(builder, new PublishedServices(hub, orders, gateway));
        }
    }

    private static IDeploymentTarget DeploymentTarget(this IDistributedApplicationBuilder builder)
    {
        var wanted = builder.Configuration[Key] is { Length: > 0 } configured ? configured : Default;
        IDeploymentTarget[] known =
        [
            .. typeof(IDeploymentTarget).Assembly.GetTypes()
                .Where(type => type.IsClass && type.IsAssignableTo(typeof(IDeploymentTarget)))
                .Select(type => (IDeploymentTarget)Activator.CreateInstance(type)!)
                .OrderBy(target => target.Name, StringComparer.Ordinal),
        ];
        return known.SingleOrDefault(target => target.Name == wanted) ?? throw new StartupProblem(
            $"{Key} is \"{wanted}\", and this build of the AppHost can publish for: {(known.Length == 0 ? "nothing" : string.Join(", ", known.Select(target => target.Name)))}. Set {Key} to one of them, or build with that target: docs/hosting.md, DeploymentTargets.");
    }
}
