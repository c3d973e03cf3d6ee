using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Http.Connections;
using Notifications.Testing.Clusters;
using Notifications.Testing;
using Notifications.Client;
using Notifications.Messaging;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;
using Received = Notifications.Client.ReceivedNotification;

namespace Notifications.Tests.Client;

/// <summary>A hub, a proxy before it that can break connections, and the publisher.</summary>
internal sealed class ClientSetup : IAsyncDisposable
{
    private static readonly TimeSpan FirstConnectionLimit = TimeSpan.FromSeconds(15);

    private readonly RedisServer _redis;
    private readonly (string, string)[] _hubSettings;
    private readonly List<HubHost> _hubs = [];

    private ClientSetup(RedisServer redis, HubHost hub, (string, string)[] hubSettings)
    {
        (_redis, _hubSettings) = (redis, hubSettings);
        _hubs.Add(hub);
        Messaging = TestMessaging.On(redis.Connection);
        Proxy = TcpProxy.Start(EndPointOf(hub));
    }

    public TestMessaging Messaging { get; }

    public TcpProxy Proxy { get; }

    public string User { get; } = RedisServers.Unique("user");

    public StreamName Own => StreamName.User(User);

    public HubHost Hub => _hubs[^1];

    public static async Task<ClientSetup> StartAsync(RedisServers servers, params (string Key, string Value)[] hubSettings)
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        return new ClientSetup(redis, await HubHost.StartAsync(redis.ConnectionString, hubSettings), hubSettings);
    }

    /// <summary>Starts another hub; connections made from now on lead to it.</summary>
    public async Task StartNextHubAsync()
    {
        _hubs.Add(await HubHost.StartAsync(_redis.ConnectionString, _hubSettings));
        Proxy.Target = EndPointOf(Hub);
    }

    /// <summary>The network is gone until <see cref="FindHubAgain"/>.</summary>
    public Task LoseConnectionAsync()
    {
        Proxy.Target = new(IPAddress.Loopback, FreePorts.Next());
        return Proxy.CutAsync();
    }

    public void FindHubAgain() => Proxy.Target = EndPointOf(Hub);

    public NotificationClientOptions Options(
        string? device = "laptop",
        IPositionStore? positions = null,
        int queueLength = 256,
        TimeSpan? serverTimeout = null,
        HttpTransportType transports = HttpTransportType.WebSockets | HttpTransportType.ServerSentEvents | HttpTransportType.LongPolling) => new()
    {
        Url = new Uri($"http://127.0.0.1:{Proxy.Port}/hubs/notifications"),
        AccessToken = _ => Task.FromResult<string?>(TestTokens.Create(User)),
        Device = device,
        Positions = positions ?? new InMemoryPositionStore(),
        QueueLength = queueLength,
        ServerTimeout = serverTimeout ?? TimeSpan.FromSeconds(20),
        KeepAlive = (serverTimeout ?? TimeSpan.FromSeconds(20)) / 2,
        ConfigureHttp = http => http.Transports = transports,
        MinDelay = TimeSpan.FromMilliseconds(20),
        MaxDelay = TimeSpan.FromMilliseconds(200),
    };

    /// <summary>A connected client whose handler first does <paramref name="handle"/> and then remembers the notification.</summary>
    public Task<RecordingClient> ConnectAsync(NotificationClientOptions? options = null, Func<Received, CancellationToken, Task>? handle = null) =>
        RecordingClient.ConnectAsync(options ?? Options(), handle ?? ((_, _) => Task.CompletedTask), FirstConnectionLimit);

    /// <returns>What the device acknowledged in the stream; null: nothing.</returns>
    public async Task<long?> CursorAsync(StreamName stream, string device = "laptop") =>
        (long?)await Messaging.Database.HashGetAsync(Names.Default.Cursors(stream), device);

    public Task AcknowledgedAsync(StreamName stream, long offset) =>
        Eventually.True(async () => await CursorAsync(stream) == offset, $"offset {offset} to be acknowledged");

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        foreach (var hub in _hubs)
        {
            await hub.DisposeAsync();
        }

        await Messaging.DisposeAsync();
    }

    private static IPEndPoint EndPointOf(HubHost hub) => new(IPAddress.Loopback, hub.Address.Port);
}

/// <summary>What happened to the application, in its order: notifications as <c>stream@offset</c>, gaps as <c>gap stream@offset</c>.</summary>
internal sealed class RecordingClient : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _happened = new();
    private readonly ConcurrentQueue<Gap> _gaps = new();

    private RecordingClient(NotificationClient client) => Client = client;

    public NotificationClient Client { get; }

    public IReadOnlyList<string> Happened => [.. _happened];

    public IReadOnlyList<Gap> Gaps => [.. _gaps];

    public static async Task<RecordingClient> ConnectAsync(NotificationClientOptions options, Func<Received, CancellationToken, Task> handle, TimeSpan limit)
    {
        var recording = new RecordingClient(new NotificationClient(options));
        recording.Client.Handle(async (notification, cancellationToken) =>
        {
            await handle(notification, cancellationToken);
            recording._happened.Enqueue($"{notification.Stream}@{notification.Offset}");
        });
        recording.Client.OnGap((gap, _) =>
        {
            recording._gaps.Enqueue(gap);
            recording._happened.Enqueue($"gap {gap.Stream}@{gap.After.Offset}");
            return Task.CompletedTask;
        });
        using var within = new CancellationTokenSource(limit);
        await recording.Client.StartAsync(within.Token);
        return recording;
    }

    public static IEnumerable<string> Offsets(StreamName stream, int first, int last) =>
        Enumerable.Range(first, last - first + 1).Select(offset => $"{stream}@{offset}");

    /// <summary>Waits for as many events, and then compares them all.</summary>
    public async Task SeesAsync(params IEnumerable<string> expected)
    {
        var all = expected.ToArray();
        try
        {
            await Eventually.True(() => _happened.Count >= all.Length, $"{all.Length} events");
        }
        catch (TimeoutException)
        {
            // The comparison says what is missing.
        }

        Assert.Equal(all, Happened);
    }

    public ValueTask DisposeAsync() => Client.DisposeAsync();
}
