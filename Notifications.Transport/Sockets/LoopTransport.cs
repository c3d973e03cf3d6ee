using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Notifications.Transport.Sockets;

/// <summary>
/// Kestrel's transport for TCP: connections whose sockets a few threads read, and that can be taken out of Kestrel (<see cref="SocketHandover"/>). Unix sockets
/// stay with Kestrel's own. Linux only.
/// </summary>
internal sealed class LoopTransport(IOptions<SocketTransportOptions> options, IMemoryPoolFactory<byte> pools, TransportHealth health, ILogger<LoopTransport> logger)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    /// <summary>They pass bytes on and wait for nothing, so one of them has work for several of those that do the rest.</summary>
    private const int ProcessorsPerLoop = 4;

    private readonly MemoryPool<byte> _pool = pools.Create(new MemoryPoolOptions { Owner = "sockets" });
    private readonly SocketLoop[] _loops =
        [.. Enumerable.Range(1, 1 + Environment.ProcessorCount / ProcessorsPerLoop).Select(number => new SocketLoop($"sockets {number}", health, logger))];

    private int _next;

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    /// <exception cref="AddressInUseException">Somebody else listens there.</exception>
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
                    // It was gone before it was accepted. The next one.
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
