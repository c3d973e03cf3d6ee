using Microsoft.AspNetCore.Http.Connections;
using Notifications.Testing.History;
using Notifications.Client;

namespace Notifications.Benchmarks.Load;

/// <summary>Whose device it is, what it is called, and the way it takes.</summary>
internal sealed record Device(
    UserStream Stream, string Name, Uri Url, string Token, TimeSpan ServerTimeout, bool Deduplicate, bool WebSocketOnly, ReaderHistory History);

/// <summary>
/// The application on one device: it outlives the connections and the <see cref="NotificationClient"/>s that it uses, keeps its
/// position, and tells the history what it got.
/// </summary>
internal sealed class LoadClient(Device device, Action<ReceivedNotification> onDelivered, Func<bool> isDropped)
{
    private readonly InMemoryPositionStore _positions = new();
    private NotificationClient? _client;
    private int _connects;
    private long _at;

    public bool IsConnected => _client?.State == ConnectionState.Connected;

    /// <summary>How often it was connected.</summary>
    public int Connects => Volatile.Read(ref _connects);

    /// <summary>It got everything that was acknowledged to publishers, or was told that it is gone.</summary>
    public bool IsCaughtUp => Interlocked.Read(ref _at) >= device.Stream.End;

    /// <summary>Starts the application, and returns when it is connected.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _client = new NotificationClient(new NotificationClientOptions
        {
            Url = device.Url,
            AccessToken = _ => Task.FromResult<string?>(device.Token),
            Device = device.Name,
            Positions = _positions,
            ServerTimeout = device.ServerTimeout,
            KeepAlive = device.ServerTimeout / 2,
            Deduplicate = device.Deduplicate,
            ConfigureHttp = http =>
            {
                if (device.WebSocketOnly)
                {
                    (http.Transports, http.SkipNegotiation) = (HttpTransportType.WebSockets, true);
                }
            },
        });
        _client.Handle(DeliverAsync);
        _client.OnGap(AnnounceAsync);
        _client.StateChanged += state => Interlocked.Add(ref _connects, state == ConnectionState.Connected ? 1 : 0);
        return _client.StartAsync(cancellationToken);
    }

    /// <summary>Ends the application, as a user would.</summary>
    public async Task StopAsync()
    {
        if (_client is { } client)
        {
            await client.DisposeAsync();
            _client = null;
        }
    }

    private Task DeliverAsync(ReceivedNotification notification, CancellationToken cancellationToken)
    {
        if (!isDropped())
        {
            device.History.Delivered(notification.Id, notification.Epoch, notification.Offset);
        }

        Interlocked.Exchange(ref _at, notification.Offset);
        onDelivered(notification);
        return Task.CompletedTask;
    }

    private Task AnnounceAsync(Gap gap, CancellationToken cancellationToken)
    {
        device.History.GapAnnounced(
            gap.Before is { } before ? (before.Epoch, before.Offset) : null, (gap.After.Epoch, gap.After.Offset));
        Interlocked.Exchange(ref _at, gap.After.Offset);
        return Task.CompletedTask;
    }
}
