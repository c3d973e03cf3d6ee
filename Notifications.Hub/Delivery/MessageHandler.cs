namespace Notifications.Hubs.Delivery;

/// <summary>
/// Takes a message of a channel. The thread that reads the live connection calls it for one message after the other, so it waits for nothing;
/// and the bytes are there until it returns, so it copies what it keeps.
/// </summary>
internal delegate void MessageHandler(ReadOnlySpan<byte> message);
