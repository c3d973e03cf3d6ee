using System.Net.WebSockets;
using System.Text;

namespace Notifications.Benchmarks.Attacks;

/// <summary>A bare WebSocket to the hub, on which one says what no client would.</summary>
internal sealed class HubSocket : IDisposable
{
    public const char RecordEnd = '\u001e';

    private readonly ClientWebSocket _socket = new();

    private HubSocket()
    {
    }

    /// <summary>Opened, with SignalR's handshake yet to come.</summary>
    /// <exception cref="WebSocketException">It was refused.</exception>
    public static async Task<HubSocket> OpenAsync(AttackStage stage, string user, CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        var socket = new HubSocket();
        try
        {
            socket._socket.Options.CollectHttpResponseDetails = true;
            socket._socket.Options.SetRequestHeader("Authorization", $"Bearer {stage.Token(user)}");
            foreach (var (name, value) in headers)
            {
                socket._socket.Options.SetRequestHeader(name, value);
            }

            using var http = new HttpMessageInvoker(stage.Handler());
            await socket._socket.ConnectAsync(new Uri($"ws://{stage.Gateway}/hubs/notifications?device=attacker"), http, cancellationToken);
            return socket;
        }
        catch (WebSocketException exception) when (socket._socket.HttpStatusCode != 0)
        {
            var status = socket._socket.HttpStatusCode;
            socket.Dispose();
            throw new HttpRequestException($"Refused with {(int)status}.", exception, status);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What SignalR's handshake is asked for with: the protocol <c>json</c> or <c>messagepack</c>.</summary>
    public static string Handshake(string protocol) => $$"""{"protocol":"{{protocol}}","version":1}{{RecordEnd}}""";

    /// <summary>Connected, with the protocol <c>json</c> or <c>messagepack</c>.</summary>
    public static async Task<HubSocket> ConnectAsync(AttackStage stage, string user, string protocol, CancellationToken cancellationToken)
    {
        var socket = await OpenAsync(stage, user, cancellationToken);
        await socket.SayAsync(Handshake(protocol), cancellationToken);
        return socket;
    }

    public Task SayAsync(string text, CancellationToken cancellationToken) => SayAsync(Encoding.UTF8.GetBytes(text), cancellationToken);

    /// <returns>False if the hub does not take any more.</returns>
    public async Task<bool> SayAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _socket.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>All that the hub says until it says this, closes, or so long has passed.</summary>
    public Task<Heard> HearAsync(string? until, TimeSpan limit, CancellationToken cancellationToken) => Heard.ReadAsync(
        async (buffer, token) =>
        {
            ValueWebSocketReceiveResult received;
            do
            {
                received = await _socket.ReceiveAsync(buffer, token);
            }
            while (received is { Count: 0, MessageType: not WebSocketMessageType.Close });
            return received.Count;
        },
        until, limit, cancellationToken);

    public void Dispose() => _socket.Dispose();
}
