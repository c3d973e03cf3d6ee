using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Notifications.Transport.Sockets;

/// <summary>
/// A transport for Kestrel's TCP connections. A few threads read all sockets, and other code can take over a
/// socket (<see cref="SocketHandover"/>). Unix sockets stay with Kestrel's own transport. Linux only.
/// </summary>
internal sealed class LoopTransport(IOptions<SocketTransportOptions> options, IMemoryPoolFactory<byte> pools, TransportHealth health, ILogger<LoopTransport> logger)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    /// <summary>A loop only passes bytes on and never waits for work to be done, so one loop is enough for several processors.</summary>
    private const int ProcessorsPerLoop = 4;

    private readonly MemoryPool<byte> _pool = pools.Create(new MemoryPoolOptions { Owner = "sockets" });
    private readonly SocketLoop[] _loops =
        [.. Enumerable.Range(1, 1 + Environment.ProcessorCount / ProcessorsPerLoop).Select(number => new SocketLoop($"sockets {number}", health, logger))];

    private int _next;

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    /// <exception cref="AddressInUseException">Another program listens on this endpoint.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = options.Value.CreateBoundListenSocket(endpoint);
        try
        {
            socket.Listen(options.Value.Backlog);
            return ValueTask.FromResult<IConnectionListener>(new Listener(socket, this));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var loop in _loops)
        {
            loop.Dispose();
        }

        _pool.Dispose();
    }

    private LoopConnection Begin(Socket socket)
    {
        socket.NoDelay = options.Value.NoDelay;
        var loop = _loops[(uint)Interlocked.Increment(ref _next) % _loops.Length];
        var connection = new LoopConnection(loop.Watch(socket), _pool, options.Value);
        connection.Start();
        return connection;
    }

    private sealed class Listener(Socket socket, LoopTransport transport) : IConnectionListener
    {
        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    return transport.Begin(await socket.AcceptAsync(cancellationToken));
                }
                catch (Exception exception) when (exception is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
                {
                    return null;
                }
                catch (SocketException)
                {
                    // The connection was gone before it was accepted. Accept the next one.
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
