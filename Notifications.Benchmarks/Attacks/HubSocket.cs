using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Notifications.Benchmarks.Attacks;

/// <summary>A bare WebSocket to the hub, on which one says what no client would.</summary>
internal sealed partial class HubSocket : IDisposable
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
    public async Task<Heard> HearAsync(string? until, TimeSpan limit, CancellationToken cancellationToken)
    {
        var said = new StringBuilder();
        var buffer = new byte[8192];
        using var within = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        within.CancelAfter(limit);
        try
        {
            while (until is null || !said.ToString().Contains(until, StringComparison.Ordinal))
            {
                var received = await _socket.ReceiveAsync(buffer, within.Token);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    return new Heard(said.ToString(), IsClosed: true);
                }

                said.Append(Encoding.Latin1.GetString(buffer, 0, received.Count));
            }

            return new Heard(said.ToString(), IsClosed: false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Heard(said.ToString(), IsClosed: false);
        }
        catch (Exception exception) when (exception is WebSocketException or IOException)
        {
            return new Heard(said.ToString(), IsClosed: true);
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <param name="Said">In either protocol the texts can be read.</param>
    /// <param name="IsClosed">It was the last.</param>
    public sealed partial record Heard(string Said, bool IsClosed)
    {
        /// <summary>Why the hub closed, as it says it; empty if it does not.</summary>
        public string Reason => Closing().Match(Said) is { Success: true } match ? match.Groups[1].Value : "";

        [GeneratedRegex("Connection closed with an error\\.(?: HubException: )?([^\"\\x00-\\x1f\\x80-\\xff]*)")]
        private static partial Regex Closing();
    }
}
