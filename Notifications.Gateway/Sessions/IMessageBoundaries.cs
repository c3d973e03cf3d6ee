namespace Notifications.Gateway.Sessions;

/// <summary>Follows the bytes that a hub sends on a stream, to find the boundaries between messages.</summary>
internal interface IMessageBoundaries
{
    /// <summary>Whether the stream can be ended here.</summary>
    bool IsBetweenMessages { get; }

    /// <summary>The bytes that have to be sent at the end. Empty when the end of the stream is enough.</summary>
    ReadOnlyMemory<byte> Goodbye { get; }

    /// <param name="bytes">The next bytes of the stream.</param>
    /// <param name="untilBoundary">Whether to stop where the stream can be ended. That may be before the first byte.</param>
    /// <returns>How many bytes were followed: all, or the bytes up to the boundary.</returns>
    int Follow(ReadOnlySpan<byte> bytes, bool untilBoundary);
}
