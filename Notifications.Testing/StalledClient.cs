using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Notifications.Messaging;

namespace Notifications.Testing;

/// <summary>
/// A client that subscribes to a stream over a bare WebSocket and then reads nothing more: what the hub sends stays in the
/// sockets' buffers, of which its own is small, and then in the hub.
/// </summary>
public sealed class StalledClient : IDisposable
{
    private const int ReceiveBuffer = 4096;
    private const char RecordEnd = '\u001e';

    private readonly ClientWebSocket _socket = new();

    private StalledClient()
    {
    }

    /// <summary>Returns when it has asked for the stream, which is before the hub has taken note.</summary>
    public static async Task<StalledClient> ConnectAsync(Uri hub, string token, StreamName stream, CancellationToken cancellationToken = default)
    {
        var client = new StalledClient();
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { ConnectCallback = ConnectSocketAsync });
        client._socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        await client._socket.ConnectAsync(new UriBuilder(hub) { Scheme = "ws", Path = "/hubs/notifications" }.Uri, http, cancellationToken);
        var messages = $$"""{"protocol":"json","version":1}{{RecordEnd}}{"type":1,"target":"Subscribe","arguments":["{{stream}}"]}{{RecordEnd}}""";
        await client._socket.SendAsync(Encoding.UTF8.GetBytes(messages), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        return client;
    }

    public void Dispose() => _socket.Dispose();

    private static async ValueTask<Stream> ConnectSocketAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = ReceiveBuffer };
        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
