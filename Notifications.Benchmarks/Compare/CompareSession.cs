using System.Globalization;
using Notifications.Benchmarks.Compare.Measures;
using Notifications.Benchmarks.Compare.Protocols;
using Notifications.Benchmarks.Compare.Publishing;
using Notifications.Benchmarks.Compare.Systems;
using Notifications.Benchmarks.Compare.Wire;
using Notifications.Testing.History;

namespace Notifications.Benchmarks.Compare;

/// <summary>One life of one compared system, with the clients and the publisher that load it.</summary>
internal sealed class CompareSession : IAsyncDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ArrivalLimit = TimeSpan.FromSeconds(10);

    private readonly PublisherProcess _publisher;
    private readonly int _dropOneIn;

    private CompareSession(ComparedSystem system, PublisherProcess publisher, int dropOneIn, CancellationToken cancellationToken)
    {
        (System, _publisher, _dropOneIn) = (system, publisher, dropOneIn);
        Clients = new ClientLoop(system.Protocol(Arrivals), cancellationToken);
        Orders = new OrderBook(publisher.Orders);
        Groups =
        [
            .. system.Groups,
            new ProcessGroup(ProcessGroup.Publisher, [publisher.Id]),
            new ProcessGroup(ProcessGroup.Driver, [Environment.ProcessId]) { IsAlone = true },
        ];
    }

    public ComparedSystem System { get; }

    public ClientLoop Clients { get; }

    public Arrivals Arrivals { get; } = new();

    public OrderBook Orders { get; }

    public IReadOnlyList<ProcessGroup> Groups { get; }

    public static async Task<CompareSession> StartAsync(SystemKind kind, SystemOptions options, int dropOneIn, CancellationToken cancellationToken)
    {
        var system = await kind.StartAsync(options, cancellationToken);
        try
        {
            var publisher = await PublisherProcess.StartAsync(system.Publisher(), system.TellsPositions, cancellationToken);
            return new CompareSession(system, publisher, dropOneIn, cancellationToken);
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>Connects users by their numbers, and returns when all are there.</summary>
    public IReadOnlyList<WireConnection> Connect(IEnumerable<int> users, int inFlight, string? topic = null)
    {
        var added = Add(users, topic);
        Connect(added, inFlight);
        return added;
    }

    public void Connect(IReadOnlyList<WireConnection> connections, int inFlight)
    {
        var ready = Clients.Ready + connections.Count;
        Clients.Connect(connections, inFlight);
        Clients.RunUntil(() => Clients.Ready == ready, ConnectLimit, $"{connections.Count} clients to be connected");
    }

    /// <summary>Clients of users, by their numbers: through the proxy, or <paramref name="straight"/> to the servers in turn.</summary>
    public IReadOnlyList<WireConnection> Add(IEnumerable<int> users, string? topic = null, bool straight = false) =>
        [.. users.Select(user => Clients.Add(User(user), straight ? System.Servers[user % System.Servers.Count] : System.Proxy, topic, straight))];

    public static string User(int number) => string.Create(CultureInfo.InvariantCulture, $"{Order.UserPrefix}{number}");

    public CpuReading ReadCpu() => new(Groups);

    /// <summary>
    /// Waits until everything that was ordered has come, as many times as it has readers, and has the checker compare. Then all is
    /// forgotten, for the next measurement.
    /// </summary>
    /// <param name="readers">Who had to get what was for each of their users, or for the topic that they all listen to.</param>
    public Verdict Check(IReadOnlyList<WireConnection> readers)
    {
        Clients.EachRound = null;
        var expected = Expected(readers);
        Orders.Flush();
        Clients.Run(() => Arrivals.Count >= expected, ArrivalLimit);
        var (count, places) = _publisher.Settle();
        if (count != Orders.Orders.Count)
        {
            throw new InvalidOperationException($"The publisher was asked for {Orders.Orders.Count} messages and published {count}.");
        }

        var verdict = new DeliveryCheck(Orders, Arrivals, readers, places, _dropOneIn).Check();
        Orders.Clear();
        Arrivals.Clear();
        System.ThrowIfAnyDied();
        return verdict;
    }

    public async ValueTask DisposeAsync()
    {
        Clients.Dispose();
        _publisher.Dispose();
        await System.DisposeAsync();
    }

    private long Expected(IReadOnlyList<WireConnection> readers) =>
        Orders.Orders.Sum(order => order.Recipient == Order.Topic ? (long)readers.Count : 1);
}
