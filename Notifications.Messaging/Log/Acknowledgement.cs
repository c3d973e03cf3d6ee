namespace Notifications.Messaging.Log;

/// <summary>That a device has everything in a stream up to a position.</summary>
internal readonly record struct Acknowledgement(StreamName Stream, DeviceName Device, Position Position);

/// <summary>An acknowledgement that Redis did not take, and why.</summary>
internal readonly record struct UnwrittenAcknowledgement(Acknowledgement Acknowledgement, Exception Reason);
