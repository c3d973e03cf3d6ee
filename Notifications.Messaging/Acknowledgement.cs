namespace Notifications.Messaging;

/// <summary>That a device has everything in a stream up to a position.</summary>
public readonly record struct Acknowledgement(StreamName Stream, DeviceName Device, Position Position);

/// <summary>An acknowledgement that Redis did not take, and why.</summary>
public readonly record struct UnwrittenAcknowledgement(Acknowledgement Acknowledgement, Exception Reason);
