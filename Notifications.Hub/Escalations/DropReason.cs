namespace Notifications.Hubs.Escalations;

/// <summary>Why an escalation that fell due had nothing to send, besides what the schedule itself found out.</summary>
internal enum DropReason
{
    /// <summary>The log has begun anew.</summary>
    Gone,

    /// <summary>Its time to live is over.</summary>
    Expired,

    /// <summary>The platform's provider is not configured.</summary>
    Off,

    Unreadable,
}
