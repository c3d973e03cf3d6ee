using System.Net;
using Notifications.Benchmarks.Faults;

namespace Notifications.Benchmarks.Load;

/// <summary>Clients that reach the gateways over the same stretch of network, and lose it together.</summary>
/// <param name="gateways">Where a connection may go, best first.</param>
internal sealed class ClientGroup(Func<IEnumerable<IPEndPoint>> gateways) : IAsyncDisposable
{
    private readonly TcpProxy _network = TcpProxy.Start(gateways);
    private readonly List<LoadClient> _clients = [];
    private int _isTaken;

    public Uri Url => new($"http://127.0.0.1:{_network.Port}/hubs/notifications");

    public IReadOnlyList<LoadClient> Clients => _clients;

    /// <summary>How many clients a fault of the network would hit now.</summary>
    public int Connected => _clients.Count(client => client.IsConnected);

    public void Add(LoadClient client) => _clients.Add(client);

    /// <summary>One fault at a time: false while another one has the group.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _isTaken, 1, 0) == 0;

    public void GiveBack() => Volatile.Write(ref _isTaken, 0);

    /// <summary>RST in both directions.</summary>
    public Task CutAsync() => _network.CutAsync();

    /// <summary>The network takes bytes and passes none on: for the present connections for good, for new ones until <see cref="Heal"/>.</summary>
    public void Silence() => _network.Swallow();

    public void Heal() => _network.Resume();

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_clients.Select(client => client.StopAsync()));
        await _network.DisposeAsync();
    }
}
