using System.Text;

namespace Notifications.Benchmarks.Attacks;

/// <summary>A WebSocket to the hub on which the frames themselves are made by hand.</summary>
internal sealed class RawWebSocket : IDisposable
{
    public const string Ended = "ended";

    /// <summary>A frame that says that it is longer than it is swallows what follows.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(20);

    private readonly RawConnection _connection;

    private RawWebSocket(RawConnection connection) => _connection = connection;

    /// <summary>Sends frames on a connection of their own, and then a call that the hub answers if it can still tell it from them.</summary>
    /// <returns>What became of the connection.</returns>
    /// <exception cref="HttpRequestException">It was refused: nothing was tried.</exception>
    public static async Task<string> TryAsync(AttackStage stage, string user, string protocol, byte[] frames, CancellationToken cancellationToken)
    {
        using var socket = new RawWebSocket(await RawConnection.OpenAsync(stage.Gateway, stage.Source, cancellationToken));
        var opcode = (byte)(OddFrames.Final | OddFrames.OpcodeOf(protocol));
        await socket.UpgradeAsync(stage, user, cancellationToken);
        await socket.SayAsync(OddFrames.Of(opcode, Encoding.UTF8.GetBytes(HubSocket.Handshake(protocol))), cancellationToken);
        if (await socket.HearAsync("subscribed", AnswerLimit, cancellationToken) != FrameProbe.Served)
        {
            throw new HttpRequestException("The handshake was not answered.");
        }

        return await socket.SayAsync([.. frames, .. OddFrames.Of(opcode, FrameProbe.Call(protocol))], cancellationToken)
            ? await socket.HearAsync(FrameProbe.Answer, Patience, cancellationToken)
            : Ended;
    }

    public void Dispose() => _connection.Dispose();

    private async Task UpgradeAsync(AttackStage stage, string user, CancellationToken cancellationToken)
    {
        await _connection.SayAsync(
            $"GET /hubs/notifications HTTP/1.1\r\nHost: {stage.Gateway}\r\nAuthorization: Bearer {stage.Token(user)}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            cancellationToken);
        var head = new StringBuilder();
        var next = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await _connection.Stream.ReadExactlyAsync(next, cancellationToken);
            head.Append((char)next[0]);
        }

        if (!head.ToString().StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal))
        {
            throw new HttpRequestException($"Refused: {head.ToString().Split('\r')[0]}");
        }
    }

    private async Task<bool> SayAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _connection.Stream.WriteAsync(bytes, cancellationToken);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task<string> HearAsync(string until, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var within = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        within.CancelAfter(limit);
        var said = new StringBuilder();
        var buffer = new byte[8192];
        try
        {
            while (!said.ToString().Contains(until, StringComparison.Ordinal))
            {
                var count = await _connection.Stream.ReadAsync(buffer, within.Token);
                if (count == 0)
                {
                    return Ended;
                }

                said.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }

            return FrameProbe.Served;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return FrameProbe.Waited;
        }
        catch (IOException)
        {
            return Ended;
        }
    }
}
