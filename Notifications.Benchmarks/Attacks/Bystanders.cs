using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Load;
using Notifications.Client;
using Notifications.Messaging;

namespace Notifications.Benchmarks.Attacks;

/// <summary>Users who have nothing to do with the attack: they are connected through the same gateway, and are notified all the time.</summary>
internal sealed class Bystanders(Cluster cluster) : IAsyncDisposable
{
    private const int Users = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan ArrivalLimit = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<NotificationClient> _clients = [];
    private WaitTimes _waits = new();
    private long _published;
    private long _received;
    private int _connects;
    private Task _publishing = Task.CompletedTask;

    /// <summary>How often they lost their connections.</summary>
    public int Reconnects => Volatile.Read(ref _connects) - Users;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        for (var number = 1; number <= Users; number++)
        {
            var token = cluster.Tokens.Issue($"bystander-{number}");
            var client = new NotificationClient(new NotificationClientOptions
            {
                Url = new Uri($"http://{cluster.Gateways[0].EndPoint}/hubs/notifications"),
                AccessToken = _ => Task.FromResult<string?>(token),
                Device = "device",
                // Well below what the short form has for the hubs' patience.
                KeepAlive = TimeSpan.FromSeconds(1),
            });
            client.Handle(ReceiveAsync);
            client.StateChanged += state => Interlocked.Add(ref _connects, state == ConnectionState.Connected ? 1 : 0);
            _clients.Add(client);
            await client.StartAsync(cancellationToken);
        }

        _publishing = PublishAsync(_stopping.Token);
    }

    /// <summary>The waits from now on; what was counted until now is given back.</summary>
    public WaitTimes Restart() => Interlocked.Exchange(ref _waits, new WaitTimes());

    /// <summary>Whether everything that was published has arrived.</summary>
    public Task<bool> HaveAllAsync(CancellationToken cancellationToken)
    {
        var until = Interlocked.Read(ref _published);
        return Waiting.WithinAsync(() => Task.FromResult(Interlocked.Read(ref _received) >= until), ArrivalLimit, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _publishing;
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        _stopping.Dispose();
    }

    private async Task PublishAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            for (var number = 0; await timer.WaitForNextTickAsync(stopping); number++)
            {
                await cluster.Publisher.PublishAsync(StreamName.User($"bystander-{(number % Users) + 1}"), Notification.Create("NEWS", new { number }), CancellationToken.None);
                Interlocked.Increment(ref _published);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The end.
        }
    }

    private Task ReceiveAsync(ReceivedNotification notification, CancellationToken cancellationToken)
    {
        Volatile.Read(ref _waits).Add(DateTimeOffset.UtcNow - notification.Timestamp);
        Interlocked.Increment(ref _received);
        return Task.CompletedTask;
    }
}
