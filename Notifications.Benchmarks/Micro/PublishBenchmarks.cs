using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Garnet;
using Microsoft.Extensions.Logging.Abstractions;
using Notifications.Testing.Clusters;
using Notifications.Messaging;

namespace Notifications.Benchmarks.Micro;

/// <summary>A publish of 200 bytes with all that its script does, on each kind of server: one at a time, and many over one connection.</summary>
public class PublishBenchmarks
{
    private const int Many = 100;

    private static readonly JsonElement Payload = JsonSerializer.SerializeToElement(new { text = new string('x', 189) });

    private Cluster? _cluster;
    private GarnetServer? _garnet;
    private PublisherConnection? _connection;
    private int _next;

    [Params("redis-server", "Garnet")]
    public string Server { get; set; } = "";

    private NotificationPublisher Publisher => _connection!.Publisher;

    [GlobalSetup]
    public async Task StartAsync()
    {
        string address;
        if (Server == "Garnet")
        {
            var port = FreePorts.Next();
            _garnet = new GarnetServer(
                ["--bind", "127.0.0.1", "--port", $"{port}", "--lua", "--lua-transaction-mode", "--memory", "256m", "--index", "64m", "-q"],
                NullLoggerFactory.Instance);
            _garnet.Start();
            address = $"127.0.0.1:{port}";
        }
        else
        {
            _cluster = await Cluster.StartAsync(new ClusterOptions { Hubs = 0, Gateways = 0, HasFront = false }, CancellationToken.None);
            _cluster.KeepsLogs = false;
            address = _cluster.Redis.ConnectionString;
        }

        _connection = await PublisherConnection.OpenAsync(address);
    }

    [GlobalCleanup]
    public async Task StopAsync()
    {
        await _connection!.DisposeAsync();
        _garnet?.Dispose();
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    [Benchmark]
    public Task<PublishResult> One() => PublishAsync();

    [Benchmark(OperationsPerInvoke = Many)]
    public Task<PublishResult[]> ManyAtOnce() => Task.WhenAll(Enumerable.Range(0, Many).Select(_ => PublishAsync()));

    private Task<PublishResult> PublishAsync() =>
        Publisher.PublishAsync(StreamName.User($"{_next++ % 1_000}"), new Notification { Type = "LOAD", Payload = Payload });
}
