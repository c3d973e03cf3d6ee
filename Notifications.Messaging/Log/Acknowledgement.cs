namespace Notifications.Messaging.Log;

/// <summary>A device acknowledges that its application has handled a stream up to a position.</summary>
internal readonly record struct Acknowledgement(StreamName Stream, DeviceName Device, Position Position);
