using System.Net;
using Notifications.Benchmarks.Faults;

namespace Notifications.Benchmarks.Soak;

/// <summary>Clients that reach the gateway over the same stretch of network, and lose it together.</summary>
internal sealed class ClientGroup(IPEndPoint gateway) : IAsyncDisposable
{
    private readonly TcpProxy _network = TcpProxy.Start(gateway);
    private readonly List<SoakClient> _clients = [];
    private int _isTaken;

    public Uri Url => new($"http://127.0.0.1:{_network.Port}/hubs/notifications");

    public IReadOnlyList<SoakClient> Clients => _clients;

    /// <summary>How many clients a fault of the network would hit now.</summary>
    public int Connected => _clients.Count(client => client.IsConnected);

    public void Add(SoakClient client) => _clients.Add(client);

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
