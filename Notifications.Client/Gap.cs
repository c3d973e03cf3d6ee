namespace Notifications.Client;

/// <summary>
/// Notifications that were published and can no longer be had: the log was trimmed past them, or it began anew. The application
/// has to reload the state that it builds from this stream.
/// </summary>
/// <param name="Stream">The stream that lost them.</param>
/// <param name="Before">The last one handled before the gap; null if this client does not know any.</param>
/// <param name="After">The one before the first that follows. Another epoch than <paramref name="Before"/>'s: the log began anew.</param>
public sealed record Gap(string Stream, Position? Before, Position After);
