using System.Buffers.Binary;

namespace Notifications.Transport.Links;

/// <summary>The type of a frame of a session link.</summary>
internal enum FrameType : byte
{
    /// <summary>To the hub: a session begins. Payload: its request (<see cref="LinkHead"/>).</summary>
    Open = 1,

    /// <summary>To the gateway: the hub's answer to that request. Payload: the response (<see cref="LinkHead"/>).</summary>
    Answer = 2,

    /// <summary>Bytes of a session. They end a write.</summary>
    Data = 3,

    /// <summary>Bytes of a session. The same write goes on in the session's next frame.</summary>
    DataPart = 4,

    /// <summary>
    /// Allows the other end to send more bytes of a session, because as many were passed on. Payload: the number of bytes, an integer of 4 bytes.
    /// </summary>
    Credit = 5,

    /// <summary>The session is over.</summary>
    Close = 6,

    /// <summary>The session is over because it failed or was aborted.</summary>
    Abort = 7,

    /// <summary>Belongs to the link itself. The other end answers with <see cref="Pong"/>.</summary>
    Ping = 8,

    /// <summary>Belongs to the link itself. Shows that the other end still works.</summary>
    Pong = 9,
}

/// <summary>The head of each frame: type (1 byte), session (4), length of the payload (4), integers little-endian.</summary>
/// <remarks>
/// The protocol of a session link. A gateway opens one connection to each hub instance, by an HTTP/1.1 upgrade to
/// <see cref="Protocol"/> at <see cref="Path"/>, and carries all WebSocket sessions over it. The gateway numbers the sessions. Each end
/// may send <see cref="Window"/> bytes of a session before it gets credit, so a client that does not read does not delay other clients. The data of a
/// session is the WebSocket's own bytes. Each write of the hub has one or more whole WebSocket frames.
/// </remarks>
internal readonly record struct LinkFrame(FrameType Type, uint Session, int Length)
{
    public const string Path = "/session-link";
    public const string Protocol = "notifications-sessions/1";
    public const int HeadLength = 9;

    /// <summary>How many bytes of a session may be under way in one direction. The last write may exceed this number.</summary>
    public const int Window = 64 * 1024;

    /// <summary>The largest payload of a frame, in bytes.</summary>
    public const int MaxLength = 64 * 1024;

    public void Write(Span<byte> head)
    {
        head[0] = (byte)Type;
        BinaryPrimitives.WriteUInt32LittleEndian(head[1..], Session);
        BinaryPrimitives.WriteInt32LittleEndian(head[5..], Length);
    }

    /// <exception cref="IOException">The bytes are not the head of a frame.</exception>
    public static LinkFrame Read(ReadOnlySpan<byte> head)
    {
        var frame = new LinkFrame(
            (FrameType)head[0], BinaryPrimitives.ReadUInt32LittleEndian(head[1..]), BinaryPrimitives.ReadInt32LittleEndian(head[5..]));
        return frame is { Type: >= FrameType.Open and <= FrameType.Pong, Length: >= 0 and <= MaxLength }
            ? frame
            : throw new IOException($"A frame of type {head[0]} with {frame.Length} bytes came over a session link: the types are 1 to 9, and a payload has up to {MaxLength} bytes. Is the other end a gateway or a hub of this version?");
    }
}
