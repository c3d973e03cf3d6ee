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

    /// <summary>Asks for a WebSocket to the hub, and reads the answer to that and no byte more.</summary>
    /// <exception cref="HttpRequestException">It was refused.</exception>
    public async Task UpgradeAsync(string path, string token, CancellationToken cancellationToken)
    {
        await SayAsync(
            $"GET {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            cancellationToken);
        var head = "";
        var next = new byte[1];
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await Stream.ReadExactlyAsync(next, cancellationToken);
            head += (char)next[0];
        }

        if (!head.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal))
        {
            throw new HttpRequestException($"Refused: {head.Split('\r')[0]}");
        }
    }

    /// <summary>All that is answered until it holds this text, the other end closes, or so long has passed.</summary>
    public Task<Heard> HearAsync(string? until, TimeSpan limit, CancellationToken cancellationToken) =>
        Heard.ReadAsync(Stream.ReadAsync, until, limit, cancellationToken);

    /// <summary>All that is answered until the other end closes, or for so long.</summary>
    public async Task<string> HearAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var heard = await HearAsync(until: null, limit, cancellationToken);
        return heard.IsClosed ? heard.Said : $"{heard.Said}(left open)";
    }

    /// <summary>The same, waiting for the end as long as any limit of the system may take.</summary>
    public Task<string> HearAsync(CancellationToken cancellationToken) => HearAsync(AnswerLimit, cancellationToken);

    public void Dispose() => Stream.Dispose();
}
