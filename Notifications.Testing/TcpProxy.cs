using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Notifications.Testing;

/// <summary>
/// A loopback TCP proxy whose connections can be closed, reset, or made silent: its end of the network takes every byte, passes
/// none on, and tells neither side.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Link, Task> _links = new();
    private readonly Task _accepting;
    private volatile Func<IEnumerable<IPEndPoint>> _targets;
    private volatile bool _swallows;
    private int _accepted;

    private TcpProxy(Func<IEnumerable<IPEndPoint>> targets)
    {
        _targets = targets;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The loopback port that it listens on.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Where connections accepted from now on lead. One that can't be made is reset.</summary>
    public IPEndPoint Target
    {
        set => _targets = () => [value];
    }

    /// <summary>How many connections have an open end.</summary>
    public int Connections => _links.Count;

    /// <summary>How many connections it has accepted so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    public static TcpProxy Start(IPEndPoint target) => new(() => [target]);

    /// <param name="targets">Asked for each connection, which leads to the first that takes it.</param>
    public static TcpProxy Start(Func<IEnumerable<IPEndPoint>> targets) => new(targets);

    /// <summary>Resets (RST) every connection, to both sides. Returns when all are gone.</summary>
    public Task CutAsync() => EndAsync(link => link.Reset());

    /// <summary>Closes (FIN) every connection, to both sides. Returns when all are gone.</summary>
    public Task CloseAsync() => EndAsync(link => link.Close());

    /// <summary>
    /// Makes the present connections and those accepted until <see cref="Resume"/> silent. They stay silent afterwards, since
    /// bytes are missing from them.
    /// </summary>
    /// <param name="spared">So many of the first accepted ones go on as they are.</param>
    public void Swallow(int spared = 0)
    {
        _swallows = true;
        foreach (var link in _links.Keys.Where(link => link.Number > spared))
        {
            link.IsSilent = true;
        }
    }

    /// <summary>The present connections pass nothing on until what this returns is disposed, and then everything.</summary>
    public IDisposable Hold()
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var link in _links.Keys)
        {
            link.Held = held.Task;
        }

        return new Holding(held);
    }

    /// <summary>Connections accepted from now on pass bytes on.</summary>
    public void Resume() => _swallows = false;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        await CutAsync();
        _stopping.Dispose();
    }

    private async Task EndAsync(Action<Link> end)
    {
        var ending = _links.ToArray();
        foreach (var (link, _) in ending)
        {
            end(link);
        }

        await Task.WhenAll(ending.Select(link => link.Value));
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptSocketAsync(_stopping.Token);
                var link = new Link(client, ++_accepted) { IsSilent = _swallows };
                var begin = new TaskCompletionSource();
                _links[link] = ServeAsync(link, begin.Task);
                begin.SetResult();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException)
            {
                // That client is gone already; or the listener was stopped, which the loop's condition sees.
            }
        }
    }

    private async Task ServeAsync(Link link, Task registered)
    {
        await registered;
        try
        {
            await link.RunAsync(_targets());
        }
        finally
        {
            _links.TryRemove(link, out _);
        }
    }

    private sealed class Holding(TaskCompletionSource held) : IDisposable
    {
        public void Dispose() => held.TrySetResult();
    }

    private sealed class Link(Socket client, int number)
    {
        private Socket _server = new(SocketType.Stream, ProtocolType.Tcp);
        private volatile bool _silent;
        private volatile Task _held = Task.CompletedTask;

        /// <summary>1 for the first accepted, 2 for the next …</summary>
        public int Number => number;

        public bool IsSilent
        {
            get => _silent;
            set => _silent = value;
        }

        /// <summary>Nothing is passed on before this is done.</summary>
        public Task Held
        {
            set => _held = value;
        }

        public async Task RunAsync(IEnumerable<IPEndPoint> targets)
        {
            try
            {
                await ConnectAsync(targets);
                client.NoDelay = true;
                _server.NoDelay = true;
                await Task.WhenAll(PassAsync(client, _server), PassAsync(_server, client));
                Close();
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                Reset();
            }
        }

        public void Close()
        {
            client.Dispose();
            _server.Dispose();
        }

        public void Reset()
        {
            Reset(client);
            Reset(_server);
        }

        private async Task ConnectAsync(IEnumerable<IPEndPoint> targets)
        {
            foreach (var target in targets)
            {
                try
                {
                    await _server.ConnectAsync(target);
                    return;
                }
                catch (SocketException)
                {
                    // A socket that failed can't try again.
                    _server.Dispose();
                    _server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                }
            }

            throw new SocketException((int)SocketError.ConnectionRefused);
        }

        private static void Reset(Socket socket)
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // Not connected, or closed before.
            }

            socket.Dispose();
        }

        private async Task PassAsync(Socket from, Socket to)
        {
            var buffer = new byte[16 * 1024];
            try
            {
                while (await from.ReceiveAsync(buffer) is > 0 and var count)
                {
                    await _held;
                    for (var sent = 0; sent < count && !_silent;)
                    {
                        sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                    }
                }

                if (!_silent)
                {
                    to.Shutdown(SocketShutdown.Send);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                if (!_silent)
                {
                    Reset();
                }
            }
        }
    }
}
