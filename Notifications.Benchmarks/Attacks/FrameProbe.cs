using Microsoft.AspNetCore.SignalR.Protocol;

namespace Notifications.Benchmarks.Attacks;

/// <summary>Sends a hub what no client would, and finds out what it made of it.</summary>
internal static class FrameProbe
{
    private const string Served = "served";
    private const string Waited = "waited for the rest";
    private const string Closed = "closed on its own word";
    private const string Unreadable = "A message can't be read as SignalR's protocol ";

    // A frame that says that it is longer than it is swallows what follows.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>A user for each frame, on a connection of its own.</summary>
    public static async Task<string> SendAsync(AttackStage stage, string user, string protocol, byte[] frame, CancellationToken cancellationToken)
    {
        IHubProtocol writer = protocol == "json" ? new JsonHubProtocol() : new MessagePackHubProtocol();
        using var socket = await HubSocket.ConnectAsync(stage, user, protocol, cancellationToken);
        await socket.SayAsync(frame, cancellationToken);
        // A call that the hub answers, if it can still tell it from what came before.
        await socket.SayAsync(writer.GetMessageBytes(new InvocationMessage("alive", "Instance", [])).ToArray(), cancellationToken);
        var heard = await socket.HearAsync("alive", Patience, cancellationToken);
        return heard.IsClosed ? heard.Reason.Length > 0 ? heard.Reason : Closed
            : heard.Said.Contains("alive", StringComparison.Ordinal) ? Served
            : Waited;
    }

    public static bool IsKnown(string answer) => answer is Served or Waited or Closed || answer.StartsWith(Unreadable, StringComparison.Ordinal);
}
