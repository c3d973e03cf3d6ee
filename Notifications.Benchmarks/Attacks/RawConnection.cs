using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Notifications.Benchmarks.Attacks;

/// <summary>A TCP connection from a certain address, over which anything may be said.</summary>
internal sealed class RawConnection : IDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(60);

    private RawConnection(NetworkStream stream) => Stream = stream;

    public NetworkStream Stream { get; }

    public static async Task<RawConnection> OpenAsync(IPEndPoint to, IPAddress from, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(to, cancellationToken);
            return new RawConnection(new NetworkStream(socket, ownsSocket: true));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public ValueTask SayAsync(string text, CancellationToken cancellationToken) => Stream.WriteAsync(Encoding.Latin1.GetBytes(text), cancellationToken);

    /// <summary>All that is answered until the other end closes, or for so long.</summary>
    public async Task<string> HearAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var heard = new StringBuilder();
        var buffer = new byte[4096];
        using var within = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        within.CancelAfter(limit);
        try
        {
            while (await Stream.ReadAsync(buffer, within.Token) is > 0 and var count)
            {
                heard.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (IOException)
        {
            // Reset, which is an end too.
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            heard.Append("(left open)");
        }

        return heard.ToString();
    }

    /// <summary>The same, waiting for the end as long as any limit of the system may take.</summary>
    public Task<string> HearAsync(CancellationToken cancellationToken) => HearAsync(AnswerLimit, cancellationToken);

    public void Dispose() => Stream.Dispose();
}
