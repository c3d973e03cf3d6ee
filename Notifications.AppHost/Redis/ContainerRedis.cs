namespace Notifications.AppHost.Redis;

internal static class ContainerRedis
{
    /// <summary>Adds a container that keeps every write in an append-only file, in a volume. docs/reliability.md says which setting loses what.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddContainerRedis(this IDistributedApplicationBuilder builder, string name, string why)
    {
        builder.Report("Redis", $"a container with a data volume, because {why}");
        return builder.AddRedis(name).WithDataVolume().WithPersistence().WithArgs("--appendonly", "yes");
    }
}
