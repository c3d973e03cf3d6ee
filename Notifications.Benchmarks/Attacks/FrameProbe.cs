using Microsoft.AspNetCore.SignalR.Protocol;

namespace Notifications.Benchmarks.Attacks;

/// <summary>Sends a hub what no client would, and finds out what it made of it.</summary>
internal static class FrameProbe
{
    public const string Served = "served";
    public const string Waited = "waited for the rest";
    public const string Answer = "alive";
    private const string Closed = "closed on its own word";
    /// <summary>A long value, twice.</summary>
    private const string TooLarge = "The message is larger than ";

    private const string Unreadable = "A message can't be read as SignalR's protocol ";

    // A frame that says that it is longer than it is swallows what follows.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>A user for each frame, on a connection of its own.</summary>
    public static async Task<string> SendAsync(AttackStage stage, string user, string protocol, byte[] frame, CancellationToken cancellationToken)
    {
        using var socket = await HubSocket.ConnectAsync(stage, user, protocol, cancellationToken);
        await socket.SayAsync(frame, cancellationToken);
        await socket.SayAsync(Call(protocol), cancellationToken);
        var heard = await socket.HearAsync(Answer, Patience, cancellationToken);
        return heard.IsClosed ? heard.Reason.Length > 0 ? heard.Reason : Closed
            : heard.Said.Contains(Answer, StringComparison.Ordinal) ? Served
            : Waited;
    }

    /// <summary>A call that the hub answers with <see cref="Answer"/>, if it can still tell it from what came before.</summary>
    public static byte[] Call(string protocol)
    {
        IHubProtocol writer = protocol == "json" ? new JsonHubProtocol() : new MessagePackHubProtocol();
        return writer.GetMessageBytes(new InvocationMessage(Answer, "Instance", [])).ToArray();
    }

    public static bool IsKnown(string answer) =>
        answer is Served or Waited or Closed || answer.StartsWith(Unreadable, StringComparison.Ordinal) || answer.StartsWith(TooLarge, StringComparison.Ordinal);
}
