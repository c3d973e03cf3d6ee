namespace Notifications.Client;

/// <summary>
/// Notifications that were published and are no longer available: the log was trimmed past them, or a new log began. The application
/// has to reload the state that it builds from this stream.
/// </summary>
/// <param name="Stream">The stream that lost the notifications.</param>
/// <param name="Before">The position of the last notification before the gap. Null when this client knows none.</param>
/// <param name="After">The position right before the next notification. When its epoch differs from that of <paramref name="Before"/>, a new log began.</param>
public sealed record Gap(string Stream, Position? Before, Position After);
