using System.Text;

namespace Notifications.Benchmarks.Attacks;

/// <summary>A WebSocket to the hub on which the frames themselves are made by hand.</summary>
internal static class RawWebSocket
{
    public const string Ended = "ended";

    /// <summary>A frame that says that it is longer than it is swallows what follows.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(20);

    /// <summary>Sends frames on a connection of their own, and then a call that the hub answers if it can still tell it from them.</summary>
    /// <returns>What became of the connection.</returns>
    /// <exception cref="HttpRequestException">It was refused: nothing was tried.</exception>
    public static async Task<string> TryAsync(AttackStage stage, string user, string protocol, byte[] frames, CancellationToken cancellationToken)
    {
        using var connection = await RawConnection.OpenAsync(stage.Gateway, stage.Source, cancellationToken);
        var opcode = (byte)(OddFrames.Final | OddFrames.OpcodeOf(protocol));
        await connection.UpgradeAsync("/hubs/notifications", stage.Token(user), cancellationToken);
        await SayAsync(connection, OddFrames.Of(opcode, Encoding.UTF8.GetBytes(HubSocket.Handshake(protocol))), cancellationToken);
        if (await HearAsync(connection, "subscribed", AnswerLimit, cancellationToken) != FrameProbe.Served)
        {
            throw new HttpRequestException("The handshake was not answered.");
        }

        return await SayAsync(connection, [.. frames, .. OddFrames.Of(opcode, FrameProbe.Call(protocol))], cancellationToken)
            ? await HearAsync(connection, FrameProbe.Answer, Patience, cancellationToken)
            : Ended;
    }

    private static async Task<bool> SayAsync(RawConnection connection, byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await connection.Stream.WriteAsync(bytes, cancellationToken);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task<string> HearAsync(RawConnection connection, string until, TimeSpan limit, CancellationToken cancellationToken)
    {
        var heard = await connection.HearAsync(until, limit, cancellationToken);
        return heard.Said.Contains(until, StringComparison.Ordinal) ? FrameProbe.Served
            : heard.IsClosed ? Ended
            : FrameProbe.Waited;
    }
}
