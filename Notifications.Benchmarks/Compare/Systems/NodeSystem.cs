using System.Diagnostics;
using System.Net;
using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Compare.Protocols;

namespace Notifications.Benchmarks.Compare.Systems;

/// <summary>Node servers behind nginx, with a publisher in Node.</summary>
internal sealed class NodeSystem(string server, string publisher, Func<Arrivals, IClientProtocol> protocol) : PeerSystem
{
    /// <summary>The stack that is usual today: Socket.IO with its Redis adapter, a room for each user, and its Redis emitter.</summary>
    public static Task<ComparedSystem> StartSocketIoAsync(SystemOptions options, CancellationToken cancellationToken) =>
        new NodeSystem("socketio-server.js", "socketio-publisher.js", arrivals => new SocketIoProtocol(arrivals)).StartAsync(options.Servers, cancellationToken);

    /// <summary>Written by hand on the <c>ws</c> library: a channel of Redis for each user, and nothing that remembers.</summary>
    public static Task<ComparedSystem> StartWsAsync(SystemOptions options, CancellationToken cancellationToken) =>
        new NodeSystem("ws-server.js", "ws-publisher.js", arrivals => new PlainProtocol(arrivals)).StartAsync(options.Servers, cancellationToken);

    public override IClientProtocol Protocol(Arrivals arrivals) => protocol(arrivals);

    public override ProcessStartInfo Publisher() => NodePeers.Publisher(publisher, Redis);

    protected override ListeningProcess Server(string name, DirectoryInfo directory, Watchdog watchdog) =>
        new(name, directory, watchdog, endPoint => [NodePeers.Node, NodePeers.Program(server), $"{endPoint.Port}", Redis], NodePeers.Environment);

    protected override ListeningProcess ProxyBefore(IReadOnlyList<IPEndPoint> servers, DirectoryInfo directory, Watchdog watchdog) =>
        new("nginx", directory, watchdog, endPoint => Nginx.Command(endPoint, servers, directory));
}
