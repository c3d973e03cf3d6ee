namespace Notifications.Gateway.Sessions;

/// <summary>Follows the bytes that a hub sends on a stream, to know where one message ends and the next has not begun.</summary>
internal interface IMessageBoundaries
{
    /// <summary>The stream can be ended here.</summary>
    bool IsBetweenMessages { get; }

    /// <summary>What has to be sent at the end. If it is empty, the end of the stream says it all.</summary>
    ReadOnlyMemory<byte> Goodbye { get; }

    /// <param name="bytes">What comes next.</param>
    /// <param name="untilBoundary">Stop where the stream can be ended, which may be before the first byte.</param>
    /// <returns>How many bytes were followed: all, or those up to the boundary.</returns>
    int Follow(ReadOnlySpan<byte> bytes, bool untilBoundary);
}
