using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting;

/// <summary>The one address of several replicas: each TCP connection goes to the next one that accepts it, without affinity.</summary>
internal sealed class Spreader(int port, IReadOnlyList<Uri> replicas) : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, port);
    private readonly CancellationTokenSource _stop = new();
    private Task _accepting = Task.CompletedTask;
    private int _next = -1;

    public Uri Start()
    {
        _listener.Start();
        _accepting = AcceptAsync();
        return new Uri($"http://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync(_stop.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            using (client)
            {
                using var replica = await ConnectAsync();
                if (replica is null)
                {
                    return;
                }

                using var from = new NetworkStream(client);
                using var to = new NetworkStream(replica);
                await Task.WhenAny(from.CopyToAsync(to, _stop.Token), to.CopyToAsync(from, _stop.Token));
            }
        }
        catch (Exception end) when (end is IOException or SocketException or OperationCanceledException)
        {
            // One side has gone; closing the other is all there is to do.
        }
    }

    private async Task<Socket?> ConnectAsync()
    {
        // Counted once a connection: were each attempt to count, those of two connections at once could all meet the same dead replica.
        var first = (uint)Interlocked.Increment(ref _next);
        for (var attempt = 0u; attempt < replicas.Count; attempt++)
        {
            var replica = replicas[(int)((first + attempt) % replicas.Count)];
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, replica.Port, _stop.Token);
                return socket;
            }
            catch (SocketException)
            {
                socket.Dispose(); // This one is down: the next.
            }
        }

        return null;
    }
}
