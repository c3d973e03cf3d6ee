using System.Diagnostics;
using System.Globalization;
using Notifications.Benchmarks.Clusters;
using Notifications.Benchmarks.History;
using Notifications.Client;

namespace Notifications.Benchmarks.Soak;

/// <summary>
/// The system under load with connections and hubs lost all the time, and the checker's verdict on what publishers were promised
/// and what applications got.
/// </summary>
internal sealed class SoakRun : IAsyncDisposable
{
    private const int GroupSize = 10;
    private const int ConnectingAtOnce = 50;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(5);

    // Longer than the hubs' acknowledgement interval: what would be delivered again late, is by then.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    private readonly SoakOptions _options;
    private readonly Cluster _cluster;
    private readonly TextWriter _output;
    private readonly DeliveryHistory _history = new();
    private readonly WaitTimes _waits = new();
    private readonly List<ClientGroup> _groups = [];
    private readonly UserStream[] _streams;
    private long _deliveries;

    private SoakRun(SoakOptions options, Cluster cluster, TextWriter output)
    {
        (_options, _cluster, _output) = (options, cluster, output);
        _streams = [.. Enumerable.Range(1, options.Users).Select(number => new UserStream($"soak-{number}"))];
        CreateClients();
    }

    private IEnumerable<SoakClient> Clients => _groups.SelectMany(group => group.Clients);

    /// <summary>Starts a cluster of its own for the run, and ends it.</summary>
    public static async Task<SoakResult> RunAsync(SoakOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        // Progress and faults are reported from different threads.
        output = TextWriter.Synchronized(output);
        output.WriteLine($"Starting Redis, {options.Hubs} hubs and a gateway.");
        var keepAlive = options.ServerTimeout / 2;
        await using var cluster = await Cluster.StartAsync(
            new ClusterOptions
            {
                Hubs = options.Hubs,
                HubSettings = new Dictionary<string, string> { ["SignalR__KeepAliveInterval"] = keepAlive.ToString("c", CultureInfo.InvariantCulture) },
            },
            cancellationToken);
        output.WriteLine($"The servers log to {cluster.LogDirectory}, which is kept unless the run ends as it should.");
        await using var run = new SoakRun(options, cluster, output);
        var result = await run.RunAsync(cancellationToken);
        cluster.KeepsLogs = !result.IsGreen && options is { DropOneIn: 0, Deduplicate: true };
        return result;
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_groups.Select(group => group.DisposeAsync().AsTask()));

    private async Task<SoakResult> RunAsync(CancellationToken cancellationToken)
    {
        _output.WriteLine($"Connecting {_options.Users} users with {_options.Devices} devices each.");
        await Parallel.ForEachAsync(
            Clients,
            new ParallelOptions { MaxDegreeOfParallelism = ConnectingAtOnce, CancellationToken = cancellationToken },
            async (client, token) => await client.StartAsync(token));

        _output.WriteLine($"Publishing {_options.Rate}/s for {_options.Duration.TotalSeconds:0} s.");
        var publisher = new OpenLoopPublisher(_cluster.Publisher, _history, _streams);
        var disturbance = new Disturbance(_groups);
        var watch = Stopwatch.StartNew();
        using var disturbing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var disturbed = disturbance.RunAsync(_options.Disconnects, disturbing.Token);
        var reported = ReportAsync(publisher, disturbing.Token);
        var hubFaults = _options.HubFaults
            ? HubFaults.RunAsync(_cluster, _options.Duration, _options.HubPause, _output, cancellationToken)
            : Task.CompletedTask;
        await publisher.RunAsync(_options.Rate, _options.Duration, cancellationToken);
        var perSecond = Interlocked.Read(ref _deliveries) / watch.Elapsed.TotalSeconds;

        await hubFaults;
        await disturbing.CancelAsync();
        await Task.WhenAll(disturbed, reported);
        _cluster.ThrowIfAnyDied();
        _output.WriteLine("Publishing and faults have ended; waiting until every client is connected and has everything.");
        await Waiting.WithinAsync(() => Task.FromResult(!Behind().Any()), _options.CatchUpLimit, cancellationToken);
        await Task.Delay(Settling, cancellationToken);
        return new SoakResult
        {
            Verdict = _history.Check(),
            Behind = Behind().Count(),
            Clean = disturbance.Clean,
            Abrupt = disturbance.Abrupt,
            Silent = disturbance.Silent,
            Reconnects = Clients.Sum(client => client.Connects - 1),
            DeliveriesPerSecond = perSecond,
            Waits = _waits,
            DriverStall = publisher.LongestStall,
        };
    }

    private IEnumerable<SoakClient> Behind() => Clients.Where(client => !client.IsConnected || !client.IsCaughtUp);

    private void CreateClients()
    {
        // One user's devices are in different groups, and so lose their connections apart.
        for (var device = 1; device <= _options.Devices; device++)
        {
            foreach (var streams in _streams.Chunk(GroupSize))
            {
                var group = new ClientGroup(_cluster.Gateways[_groups.Count % _cluster.Gateways.Count].EndPoint);
                _groups.Add(group);
                foreach (var stream in streams)
                {
                    group.Add(CreateClient(stream, $"device-{device}", group.Url));
                }
            }
        }
    }

    private SoakClient CreateClient(UserStream stream, string name, Uri url)
    {
        var history = _history.AddReader($"{stream.User}/{name}", stream.Name.Value);
        var token = _cluster.Tokens.Issue(stream.User);
        var device = new Device(stream, name, url, token, _options.ServerTimeout, _options.Deduplicate, history);
        return new SoakClient(device, OnDelivered, IsDropped);
    }

    private void OnDelivered(ReceivedNotification notification)
    {
        Interlocked.Increment(ref _deliveries);
        _waits.Add(DateTimeOffset.UtcNow - notification.Timestamp);
    }

    private bool IsDropped() => _options.DropOneIn > 0 && Random.Shared.Next(_options.DropOneIn) == 0;

    private async Task ReportAsync(OpenLoopPublisher publisher, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ProgressInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var connected = Clients.Count(client => client.IsConnected);
                _output.WriteLine(
                    $"published {publisher.Published} (+{publisher.UnderWay} under way), delivered {Interlocked.Read(ref _deliveries)}, connected {connected}");
            }
        }
        catch (OperationCanceledException)
        {
            // The run goes on to its end.
        }
    }
}
