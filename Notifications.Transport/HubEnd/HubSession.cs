using Notifications.Transport.Links;

namespace Notifications.Transport.HubEnd;

/// <summary>
/// The hub's end of a session that goes over a link. SignalR writes to it through a WebSocket. Whole messages can also be sent directly, without the queues of
/// SignalR and of the WebSocket, but not between the fragments of another message, nor after a close.
/// </summary>
internal sealed class HubSession(Link link, uint id, TimeSpan sendTimeout) : LinkedSession(link, id, sendTimeout), IMessageSender
{
    private bool _hasSpoken;
    private bool _isMidMessage;
    private bool _hasClosed;

    /// <summary>Called when the session is over because the gateway closed it, because it failed, or because the link ended.</summary>
    public Action? Ended { get; set; }

    /// <summary>
    /// False until SignalR has sent its first message: the answer to the client's handshake has to come first. Also false between fragments and after a close.
    /// </summary>
    private bool TakesMessages => _hasSpoken && !_isMidMessage && !_hasClosed && !IsClosed;

    /// <inheritdoc/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> message, bool isText, CancellationToken cancellationToken) =>
        WriteAsync(message, isText, cancellationToken);

    /// <summary>Answers the request that began the session.</summary>
    public void Answer(LinkHead head) => WriteFrame(FrameType.Answer, head.ToBytes());

    /// <summary>Answers with a status only. Without an answer, the gateway would take this instance for unreachable.</summary>
    public void Refuse(int status)
    {
        Answer(new LinkHead($"{status}", []));
        Close();
    }

    public override void Answered(ReadOnlySpan<byte> head) =>
        throw new IOException($"A frame of type {FrameType.Answer} came over a session link to a hub, which only sends such.");

    public override void End(Exception? broken)
    {
        base.End(broken);
        Ended?.Invoke();
    }

    protected override bool TryWrite(ReadOnlySpan<byte> bytes, bool? isText)
    {
        if (isText is { } isTextMessage)
        {
            Span<byte> head = stackalloc byte[WebSocketHead.MaxLength];
            return TakesMessages && TrySend(head[..WebSocketHead.Write(head, isTextMessage, bytes.Length)], bytes);
        }

        if (!TrySend(default, bytes))
        {
            return false;
        }

        Follow(bytes);
        return true;
    }

    private void Follow(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        // The WebSocket writes one frame at a time.
        if (!WebSocketHead.IsControl(bytes[0]))
        {
            _isMidMessage = !WebSocketHead.IsFinal(bytes[0]);
            _hasSpoken |= !_isMidMessage;
        }

        _hasClosed |= WebSocketHead.IsClose(bytes[0]);
        if (TakesMessages)
        {
            Continue();
        }
    }
}
