using Notifications.Testing.Clusters;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Deployment;

/// <summary>
/// The services' container images, made and started without a container engine. On a base image from this machine, or with
/// <c>IMAGE_TESTS_REGISTRY=true</c> on the one that is deployed, from its registry.
/// </summary>
public sealed class ImageTests(RedisServers servers) : IClassFixture<RedisServers>, IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-images-");
    private readonly Watchdog _watchdog = new();
    private readonly HttpClient _http = new();
    private readonly List<ServiceContainer> _containers = [];

    [FactAsRoot]
    public async Task Each_service_starts_from_its_image_as_the_images_user_who_can_write_nowhere_but_in_tmp()
    {
        var redis = await servers.GetAsync(RedisKind.RedisServer);
        Dictionary<string, string> settings = new()
        {
            ["ConnectionStrings__redis"] = redis.ConnectionString,
            ["Authentication__Schemes__Bearer__Authority"] = "https://issuer.example",
            ["Gateway__DrainNotice"] = "00:00:00",
        };
        await using var registry = Environment.GetEnvironmentVariable("IMAGE_TESTS_REGISTRY") == "true" ? null : await BaseImageRegistry.StartAsync();

        // Healthy means that the hub is in the registry, and the gateway that it finds one there.
        var hub = await StartAsync("Notifications.Hub", settings, registry);
        var gateway = await StartAsync("Notifications.Gateway", settings, registry);
        var orders = await StartAsync(
            "Notifications.OrderService", new(settings) { ["ConnectionStrings__orders"] = "Data Source=/tmp/orders.db" }, registry);

        var user = $"{BaseImageRegistry.User}";
        ServiceContainer[] all = [hub, gateway, orders];
        Assert.All(all, container => Assert.Equal([user, user, user, user], container.UserIds));
        foreach (var container in all)
        {
            await container.StopAsync(CancellationToken.None);
        }

        Assert.All(_directory.GetDirectories("*-root"), root => Assert.Equal([], WritableFor(root)));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var container in _containers)
        {
            await container.DisposeAsync();
        }

        _watchdog.Dispose();
        _http.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task<ServiceContainer> StartAsync(string project, Dictionary<string, string> settings, BaseImageRegistry? registry)
    {
        var image = await ServiceImage.PublishAsync(project, registry, _directory);
        Assert.Equal($"{BaseImageRegistry.User}", image.Config.GetProperty("User").GetString());
        Assert.True(image.Config.GetProperty("ExposedPorts").TryGetProperty("8080/tcp", out _));
        Assert.All((string[])["bin/sh", "usr/bin/sh", "usr/bin/apt"], program => Assert.False(File.Exists(Path.Combine(image.Root.FullName, program)), program));

        var container = new ServiceContainer(project, image, FreePorts.Next(), settings, _http, _directory, _watchdog);
        _containers.Add(container);
        await container.StartAsync(CancellationToken.None);
        return container;
    }

    /// <summary>All that was unpacked is root's, so what others may write is what the user may.</summary>
    private static IEnumerable<string> WritableFor(DirectoryInfo root) =>
        root.EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Where(entry => entry.LinkTarget is null && entry.UnixFileMode.HasFlag(UnixFileMode.OtherWrite))
            .Select(entry => Path.GetRelativePath(root.FullName, entry.FullName))
            .Where(path => path != "tmp" && !path.StartsWith("tmp/", StringComparison.Ordinal));
}
