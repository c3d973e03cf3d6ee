using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Notifications.Tests.Telemetry;
using Xunit;

namespace Notifications.Tests.WholeSystem;

/// <summary>
/// The whole system as the AppHost describes it, but with two gateways, on free ports, with its telemetry sent to the tests. Each connection
/// goes to either gateway.
/// </summary>
public class RunningSystem : IAsyncLifetime
{
    public static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);

    public const int Gateways = 2;

    private readonly string _directory = Directory.CreateTempSubdirectory("notifications-").FullName;
    private OtlpReceiver? _telemetry;
    private DistributedApplication? _app;

    public DistributedApplication App => _app ?? throw new InvalidOperationException("The system has not started.");

    public OtlpReceiver Telemetry => _telemetry ?? throw new InvalidOperationException("The system has not started.");

    public Uri Gateway => App.GetEndpoint("gateway", "http");

    public async Task InitializeAsync()
    {
        using var limit = new CancellationTokenSource(StartLimit);
        _telemetry = await OtlpReceiver.StartAsync();
        var appHost = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Notifications_AppHost>(
            [
                $"--GATEWAY_REPLICAS={Gateways}",
                $"--Redis:DataDirectory={Path.Combine(_directory, "redis")}",
                $"--ConnectionStrings:orders=Data Source={Path.Combine(_directory, "orders.db")}",
                $"--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL={_telemetry.Endpoint}",
            ],
            limit.Token);
        Configure(appHost);
        _app = await appHost.BuildAsync(limit.Token);
        await _app.StartAsync(limit.Token);
        await Replica.ReadyAsync(_app, "gateway", Gateways);
    }

    public async Task DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        if (_telemetry is not null)
        {
            await _telemetry.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>A user who is signed in.</summary>
    public async Task<SignedInUser> SignInAsync(string user, params string[] roles)
    {
        // No trace context: services composed in this process make it one that is not recorded, and the gateway would go by it.
        var http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = Gateway };
        return await SignedInUser.CreateAsync(http, user, roles);
    }

    protected virtual void Configure(IDistributedApplicationTestingBuilder appHost)
    {
    }
}

/// <summary>The same without links between gateways and hubs: Kestrel, YARP and SignalR as they are.</summary>
public sealed class PlainSystem : RunningSystem
{
    protected override void Configure(IDistributedApplicationTestingBuilder appHost)
    {
        foreach (var name in (string[])["hub", "gateway"])
        {
            appHost.CreateResourceBuilder<ProjectResource>(name).WithEnvironment("Transport__Mode", "Plain");
        }
    }
}

/// <summary>One running system for all the tests that leave it as they found it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneSystem : ICollectionFixture<RunningSystem>
{
    public const string Name = "one running system";
}

/// <summary>Tests with a system of their own, one after the other: each system is a dozen processes.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OwnSystem
{
    public const string Name = "a system of its own";
}
