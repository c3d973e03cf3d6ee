namespace Notifications.Client;

/// <summary>A place in a stream. Each epoch is a log of its own, so offsets of different epochs can't be compared.</summary>
public readonly record struct Position(string Epoch, long Offset);
