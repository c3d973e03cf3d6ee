using System.Diagnostics;
using Notifications.Testing.Clusters;
using Notifications.Testing.History;
using Notifications.Client;

namespace Notifications.Benchmarks.Load;

/// <summary>
/// Users with devices, connected through the cluster's gateways, a publisher, and the history of what the publisher was promised and
/// what the devices' applications got.
/// </summary>
internal sealed class Workload : IAsyncDisposable
{
    private const int ConnectingAtOnce = 50;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(5);

    // Longer than the hubs' acknowledgement interval: what would be delivered again late, is by then.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    private readonly LoadOptions _options;
    private readonly Cluster _cluster;
    private readonly TextWriter _output;
    private readonly DeliveryHistory _history = new();
    private readonly WaitTimes _waits = new();
    private readonly List<ClientGroup> _groups = [];
    private readonly UserStream[] _streams;
    private readonly OpenLoopPublisher _publisher;
    private long _deliveries;
    private double _perSecond;
    private int _behind;

    public Workload(LoadOptions options, Cluster cluster, TextWriter output)
    {
        (_options, _cluster, _output) = (options, cluster, output);
        _streams = [.. Enumerable.Range(1, options.Users).Select(number => new UserStream($"load-{number}"))];
        _publisher = new OpenLoopPublisher(cluster.Publisher, _history, _streams);
        CreateClients();
    }

    public IReadOnlyList<ClientGroup> Groups => _groups;

    public IEnumerable<LoadClient> Clients => _groups.SelectMany(group => group.Clients);

    public Task ConnectAsync(CancellationToken cancellationToken)
    {
        _output.WriteLine($"Connecting {_options.Users} users with {_options.Devices} {(_options.Devices == 1 ? "device" : "devices")} each.");
        return Parallel.ForEachAsync(
            Clients,
            new ParallelOptions { MaxDegreeOfParallelism = ConnectingAtOnce, CancellationToken = cancellationToken },
            async (client, token) => await client.StartAsync(token));
    }

    /// <summary>Publishes for a time, or until a task ends before that. Returns when all that was published is acknowledged.</summary>
    public async Task PublishAsync(TimeSpan duration, Task until, CancellationToken cancellationToken)
    {
        _output.WriteLine($"Publishing {_options.Rate}/s.");
        var watch = Stopwatch.StartNew();
        using var publishing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reported = ReportAsync(publishing.Token);
        await _publisher.RunAsync(_options.Rate, duration, until, cancellationToken);
        _perSecond = Interlocked.Read(ref _deliveries) / watch.Elapsed.TotalSeconds;
        await publishing.CancelAsync();
        await reported;
    }

    /// <summary>Waits until every client is connected and has everything, or the limit is over.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        _output.WriteLine("Publishing and faults have ended; waiting until every client is connected and has everything.");
        var caughtUp = await Waiting.WithinAsync(() => Task.FromResult(!Behind().Any()), _options.CatchUpLimit, cancellationToken);
        // Counted now: a client whose network fell silent may yet notice that, and connect anew with nothing left to get.
        _behind = caughtUp ? 0 : Behind().Count();
        await Task.Delay(Settling, cancellationToken);
    }

    public LoadResult Check() => new()
    {
        Verdict = _history.Check(),
        Behind = _behind,
        Reconnects = Clients.Sum(client => client.Connects - 1),
        DeliveriesPerSecond = _perSecond,
        Waits = _waits,
        DriverStall = _publisher.LongestStall,
    };

    public async ValueTask DisposeAsync() => await Task.WhenAll(_groups.Select(group => group.DisposeAsync().AsTask()));

    private IEnumerable<LoadClient> Behind() => Clients.Where(client => !client.IsConnected || !client.IsCaughtUp);

    private void CreateClients()
    {
        // One user's devices are in different groups, and so lose their connections apart.
        for (var device = 1; device <= _options.Devices; device++)
        {
            foreach (var streams in _streams.Chunk(_options.GroupSize))
            {
                var group = _options.Direct
                    ? new ClientGroup(_cluster.Gateways[_groups.Count % _cluster.Gateways.Count].EndPoint)
                    : new ClientGroup(_cluster.Front.Gateways);
                _groups.Add(group);
                foreach (var stream in streams)
                {
                    group.Add(CreateClient(stream, $"device-{device}", group.Url));
                }
            }
        }
    }

    private LoadClient CreateClient(UserStream stream, string name, Uri url)
    {
        var history = _history.AddReader($"{stream.User}/{name}", stream.Name.Value);
        var token = _cluster.Tokens.Issue(stream.User);
        var device = new Device(stream, name, url, token, _options.ServerTimeout, _options.Deduplicate, _options.Direct, history);
        return new LoadClient(device, OnDelivered, IsDropped);
    }

    private void OnDelivered(ReceivedNotification notification)
    {
        Interlocked.Increment(ref _deliveries);
        _waits.Add(DateTimeOffset.UtcNow - notification.Timestamp);
    }

    private bool IsDropped() => _options.DropOneIn > 0 && Random.Shared.Next(_options.DropOneIn) == 0;

    private async Task ReportAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ProgressInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var connected = Clients.Count(client => client.IsConnected);
                _output.WriteLine(
                    $"published {_publisher.Published} (+{_publisher.UnderWay} under way), delivered {Interlocked.Read(ref _deliveries)}, connected {connected}");
            }
        }
        catch (OperationCanceledException)
        {
            // The run goes on to its end.
        }
    }
}
