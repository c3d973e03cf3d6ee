using System.Security.Cryptography;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>Starts the resources, each when what it waits for is healthy, and stops them the other way round.</summary>
internal sealed class Orchestrator(
    IReadOnlyList<IResource> resources, ResourceNotificationService notifications, Watchdog watchdog,
    IConfiguration configuration, IHostEnvironment environment, ILoggerFactory loggers) : IHostedService, IAsyncDisposable
{
    private const string IdLetters = "abcdefghijkmnpqrstuvwxyz";
    private const int IdLength = 8;
    /// <summary>How long a resource that others depend on waits for those to end before it is told to end too.</summary>
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan LongestStop = Replica.StopLimit + 2 * StepLimit;
    public static readonly TimeSpan OrphanStopLimit = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stopping = new();
    private readonly HttpClient _http = new();
    private readonly List<Spreader> _spreaders = [];
    private readonly bool _randomPorts = configuration.GetValue<bool>(TestingSession.RandomizePortsKey);
    private List<Replica> _replicas = [];
    private Task _starting = Task.CompletedTask;
    private bool _disposed;

    public IReadOnlyList<IResource> Resources => resources;

    /// <summary>After this, whatever still runs is killed.</summary>
    public TimeSpan StopLimit { get; set; } = LongestStop;

    public Replica? ReplicaOf(string resourceId) => _replicas.Find(replica => replica.Id == resourceId);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var services = new ReplicaServices(
            notifications, new ReplicaEnvironment(configuration, environment),
            new ResourceConsole(loggers, toConsole: !_randomPorts), watchdog, _http);
        _replicas = [.. resources.OfType<ProcessResource>().SelectMany(resource => CreateReplicas(resource, services))];
        _replicas.ForEach(replica => replica.Publish(KnownResourceStates.Waiting));
        _starting = Task.WhenAll(_replicas.Select(replica => StartInTurnAsync(replica, _stopping.Token)));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _starting;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StopLimit);
        var stops = new List<Task>();
        foreach (var step in StopSteps())
        {
            var stop = Task.WhenAll(step.Select(replica => replica.StopAsync(limit.Token)));
            stops.Add(stop);
            await Task.WhenAny(stop, Task.Delay(StepLimit, cancellationToken));
        }

        await Task.WhenAll(stops);
    }

    public async ValueTask DisposeAsync()
    {
        // The container holds it twice: as itself and as a hosted service.
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        await _stopping.CancelAsync();
        foreach (var replica in _replicas)
        {
            await replica.DisposeAsync();
        }

        foreach (var spreader in _spreaders)
        {
            await spreader.DisposeAsync();
        }

        _http.Dispose();
        _stopping.Dispose();
    }

    private async Task StartInTurnAsync(Replica replica, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var dependency in replica.Resource.WaitsFor.OfType<ProcessResource>())
            {
                var all = _replicas.Where(other => other.Resource == dependency).Select(other => notifications.WaitForResourceAsync(
                    dependency.Name, change => change.ResourceId == other.Id && change.IsHealthy(), cancellationToken));
                await Task.WhenAll(all);
            }

            await replica.StartAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped before its turn came.
        }
    }

    /// <summary>
    /// One replica listens on its endpoint's port itself. Several have free ports, and a spreader has the endpoint's: that one
    /// address stays valid whichever of them are up.
    /// </summary>
    private IEnumerable<Replica> CreateReplicas(ProcessResource resource, ReplicaServices services)
    {
        var addresses = new Uri?[resource.Replicas];
        if (resource.Endpoint is { } endpoint)
        {
            var wanted = _randomPorts ? null : endpoint.Port;
            addresses = [.. FreePorts.Take(resource.Replicas).Select(port => new Uri($"http://localhost:{(resource.Replicas == 1 ? wanted ?? port : port)}"))];
            endpoint.Address = addresses is [var only] ? only! : Spread(wanted ?? 0, addresses!);
        }

        return addresses.Select((address, index) => new Replica(
            resource, new ReplicaContext(RandomNumberGenerator.GetString(IdLetters, IdLength), address),
            label: resource.Replicas == 1 ? resource.Name : $"{resource.Name}-{index + 1}", services));
    }

    private Uri Spread(int port, IReadOnlyList<Uri> addresses)
    {
        var spreader = new Spreader(port, addresses);
        _spreaders.Add(spreader);
        return spreader.Start();
    }

    /// <summary>First what nothing waits for, then what only those wait for, and so on.</summary>
    private IEnumerable<Replica[]> StopSteps()
    {
        var left = _replicas.Select(replica => replica.Resource).Distinct().ToList();
        while (left.Count > 0)
        {
            var step = left.Where(resource => !left.Any(other => other.WaitsFor.Contains(resource))).ToList();
            left.RemoveAll(step.Contains);
            yield return [.. _replicas.Where(replica => step.Contains(replica.Resource))];
        }
    }
}
