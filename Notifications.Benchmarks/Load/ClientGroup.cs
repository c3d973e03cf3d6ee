using System.Net;
using Notifications.Testing;

namespace Notifications.Benchmarks.Load;

/// <summary>Clients that reach the gateways over the same stretch of network, and lose it together.</summary>
internal sealed class ClientGroup : IAsyncDisposable
{
    private readonly TcpProxy? _network;
    private readonly List<LoadClient> _clients = [];
    private int _isTaken;

    /// <param name="gateways">Where a connection may go, best first.</param>
    public ClientGroup(Func<IEnumerable<IPEndPoint>> gateways)
    {
        _network = TcpProxy.Start(gateways);
        Url = Hub(new IPEndPoint(IPAddress.Loopback, _network.Port));
    }

    /// <summary>Clients of one gateway, with no network of their own that could be disturbed: it would cost files and processor.</summary>
    public ClientGroup(IPEndPoint gateway) => Url = Hub(gateway);

    public Uri Url { get; }

    public IReadOnlyList<LoadClient> Clients => _clients;

    /// <summary>How many clients a fault of the network would hit now.</summary>
    public int Connected => _clients.Count(client => client.IsConnected);

    private TcpProxy Network => _network ?? throw new InvalidOperationException("These clients reach their gateway directly.");

    public void Add(LoadClient client) => _clients.Add(client);

    /// <summary>One fault at a time: false while another one has the group.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _isTaken, 1, 0) == 0;

    public void GiveBack() => Volatile.Write(ref _isTaken, 0);

    /// <summary>RST in both directions.</summary>
    public Task CutAsync() => Network.CutAsync();

    /// <summary>The network takes bytes and passes none on: for the present connections for good, for new ones until <see cref="Heal"/>.</summary>
    public void Silence() => Network.Swallow();

    public void Heal() => Network.Resume();

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_clients.Select(client => client.StopAsync()));
        if (_network is not null)
        {
            await _network.DisposeAsync();
        }
    }

    private static Uri Hub(IPEndPoint endPoint) => new($"http://{endPoint}/hubs/notifications");
}
