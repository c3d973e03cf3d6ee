using System.Diagnostics;
using System.Globalization;
using Notifications.Testing.Clusters;
using Notifications.Testing;
using Notifications.Client;
using Notifications.Messaging;

namespace Notifications.Benchmarks.Stalled;

/// <summary>
/// What a client that stops reading costs the hub and the others: rounds of the same load on a topic, without one and with one, in turn
/// in one hub process.
/// </summary>
internal sealed class StalledRun(StalledOptions options, Cluster cluster, TextWriter output)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(30);

    private readonly StreamName _topic = StreamName.Topic("busy");
    private readonly string _text = new('x', options.Size);
    private readonly List<Round> _without = [];
    private readonly List<Round> _with = [];
    private long[] _latencies = [];
    private int _received;

    /// <summary>Latencies, and the most bytes that the hub held beyond what it held at the start.</summary>
    private sealed record Round(TimeSpan Median, TimeSpan P99, long Memory);

    private HubProcess Hub => cluster.Hubs[0];

    public static async Task RunAsync(StalledOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        output.WriteLine("Starting Redis and a hub.");
        await using var cluster = await Cluster.StartAsync(new ClusterOptions { Hubs = 1, Gateways = 0 }, cancellationToken);
        await new StalledRun(options, cluster, output).RunAsync(cancellationToken);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var hub = new Uri((await cluster.Registry.ListAsync(cancellationToken)).Single().Address);
        await using var reader = new NotificationClient(new NotificationClientOptions
        {
            Url = new Uri(hub, "/hubs/notifications"),
            AccessToken = _ => Task.FromResult<string?>(cluster.Tokens.Issue("reader")),
        });
        reader.Handle(ReceiveAsync);
        await reader.StartAsync(cancellationToken);
        await reader.SubscribeAsync(_topic.Value, cancellationToken: cancellationToken);

        output.WriteLine("Warming up.");
        await RoundAsync(cancellationToken);
        await RoundAsync(cancellationToken);
        for (var pair = 1; pair <= options.Pairs; pair++)
        {
            _without.Add(await RoundAsync(cancellationToken));
            using (await StalledClient.ConnectAsync(hub, cluster.Tokens.Issue("stalled"), _topic, cancellationToken))
            {
                _with.Add(await RoundAsync(cancellationToken));
            }

            output.WriteLine($"Pair {pair} of {options.Pairs}: p99 {Milliseconds(_without[^1].P99)} ms without, {Milliseconds(_with[^1].P99)} ms with.");
        }

        Write();
    }

    private async Task<Round> RoundAsync(CancellationToken cancellationToken)
    {
        (_latencies, _received) = (new long[options.Count], 0);
        var before = ProcessMemory.Anonymous(Hub.Id);
        var most = before;
        var publishing = PublishAsync(cancellationToken);
        await Waiting.UntilAsync(
            async () =>
            {
                most = Math.Max(most, ProcessMemory.Anonymous(Hub.Id));
                await Task.Delay(SampleInterval, cancellationToken);
                return publishing.IsCompleted && Volatile.Read(ref _received) == options.Count;
            },
            "the reader to have everything",
            DeliveryLimit + TimeSpan.FromSeconds((double)options.Count / options.Rate),
            cancellationToken);
        await publishing;
        Array.Sort(_latencies);
        return new Round(At(0.5), At(0.99), most - before);
    }

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        var publishing = new List<Task>(options.Count);
        using var timer = new PeriodicTimer(Tick);
        var watch = Stopwatch.StartNew();
        while (publishing.Count < options.Count && await timer.WaitForNextTickAsync(cancellationToken))
        {
            for (var due = Math.Min(options.Count, (int)(watch.Elapsed.TotalSeconds * options.Rate)); publishing.Count < due;)
            {
                publishing.Add(cluster.Publisher.PublishAsync(
                    _topic, Notification.Create("BUSY", new { sent = Stopwatch.GetTimestamp(), text = _text }), cancellationToken));
            }
        }

        await Task.WhenAll(publishing);
    }

    private Task ReceiveAsync(ReceivedNotification notification, CancellationToken cancellationToken)
    {
        var sent = notification.Payload.GetProperty("sent").GetInt64();
        _latencies[_received] = Stopwatch.GetTimestamp() - sent;
        Interlocked.Increment(ref _received);
        return Task.CompletedTask;
    }

    private TimeSpan At(double share) => Stopwatch.GetElapsedTime(0, _latencies[(int)((_latencies.Length - 1) * share)]);

    private void Write()
    {
        output.WriteLine();
        output.WriteLine("| rounds | p50 of another client | p99 of another client | memory that the hub took in a round |");
        output.WriteLine("|---|---:|---:|---:|");
        WriteRow("without", _without);
        WriteRow("with a client that reads nothing", _with);
        output.WriteLine();
        var ratio = Median(_with, round => round.P99.Ticks) / Median(_without, round => round.P99.Ticks);
        var megabytes = (Median(_with, round => round.Memory) - Median(_without, round => round.Memory)) / (1024 * 1024);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Medians: p99 {ratio:0.00} times, memory {megabytes:+0.0;-0.0} MB."));
    }

    private void WriteRow(string name, List<Round> rounds) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {Range(rounds, round => round.Median.TotalMilliseconds)} ms | {Range(rounds, round => round.P99.TotalMilliseconds)} ms | {Range(rounds, round => round.Memory / 1024d / 1024)} MB |"));

    /// <summary>Least / median / most.</summary>
    private static string Range(List<Round> rounds, Func<Round, double> value) =>
        string.Create(CultureInfo.InvariantCulture, $"{rounds.Min(value):0.0} / {Median(rounds, value):0.0} / {rounds.Max(value):0.0}");

    private static double Median(List<Round> rounds, Func<Round, double> value) =>
        rounds.Select(value).Order().ElementAt(rounds.Count / 2);

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture);
}
