using System.Buffers.Binary;
using Notifications.Transport.Links;

namespace Notifications.Transport.HubEnd;

/// <summary>
/// The hub's end of a session that goes over a link. SignalR writes to it through a WebSocket. Whole messages can also be sent directly, without the queues of
/// SignalR and of the WebSocket.
/// </summary>
/// <remarks>
/// Frames follow RFC 6455, 5.2: a server does not mask them. A message must not come between the fragments of another message, nor after a close.
/// </remarks>
/// <param name="link">The link.</param>
/// <param name="id">The session's number on the link.</param>
/// <param name="sendTimeout">How long the client may take nothing before the session is aborted.</param>
internal sealed class HubSession(Link link, uint id, TimeSpan sendTimeout) : LinkedSession(link, id), IMessageSender
{
    private const byte Final = 0x80;
    private const byte OpcodeMask = 0x0F;
    private const byte Text = 0x01;
    private const byte Binary = 0x02;
    private const byte CloseOpcode = 0x08;
    private const byte Length16 = 126;
    private const byte Length64 = 127;
    private const int MaxHead = 2 + sizeof(ulong);

    private bool _hasSpoken;
    private bool _isMidMessage;
    private bool _hasClosed;

    /// <summary>Called when the session is over because the gateway closed it, because it failed, or because the link ended.</summary>
    public Action? Ended { get; set; }

    protected override TimeSpan SendTimeout => sendTimeout;

    /// <summary>
    /// False until SignalR has sent its first message: the answer to the client's handshake has to come first. Also false between fragments and after a close.
    /// </summary>
    private bool TakesMessages => _hasSpoken && !_isMidMessage && !_hasClosed && !IsClosed;

    /// <inheritdoc/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> message, bool isText, CancellationToken cancellationToken) =>
        WriteAsync(message, isText, cancellationToken);

    public override void End(Exception? broken)
    {
        base.End(broken);
        Ended?.Invoke();
    }

    protected override bool TryWrite(ReadOnlySpan<byte> bytes, bool? isText)
    {
        if (isText is not null)
        {
            return TakesMessages && TrySendMessage(bytes, isText.Value);
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
        var opcode = bytes[0] & OpcodeMask;
        if (opcode < CloseOpcode)
        {
            _isMidMessage = (bytes[0] & Final) == 0;
            _hasSpoken |= !_isMidMessage;
        }

        _hasClosed |= opcode == CloseOpcode;
        if (TakesMessages)
        {
            Continue();
        }
    }

    private bool TrySendMessage(ReadOnlySpan<byte> message, bool isText)
    {
        Span<byte> head = stackalloc byte[MaxHead];
        head[0] = (byte)(Final | (isText ? Text : Binary));
        if (message.Length < Length16)
        {
            head[1] = (byte)message.Length;
            head = head[..2];
        }
        else if (message.Length <= ushort.MaxValue)
        {
            head[1] = Length16;
            BinaryPrimitives.WriteUInt16BigEndian(head[2..], (ushort)message.Length);
            head = head[..(2 + sizeof(ushort))];
        }
        else
        {
            head[1] = Length64;
            BinaryPrimitives.WriteUInt64BigEndian(head[2..], (ulong)message.Length);
        }

        return TrySend(head, message);
    }
}
