namespace Notifications.Hubs.Delivery;

/// <summary>
/// Handles a message of a channel. The thread that reads the live connection calls it for one message after the other, so it must not wait. The bytes are valid
/// until it returns, so it has to copy the bytes that it keeps.
/// </summary>
internal delegate void MessageHandler(ReadOnlySpan<byte> message);
