namespace Notifications.Client;

/// <summary>A place in a stream. The same offset in another epoch, another life of the stream's log, means nothing.</summary>
public readonly record struct Position(string Epoch, long Offset);
