namespace Notifications.Hubs.Escalations;

/// <summary>Why a due escalation had nothing to send. <see cref="EscalationState"/> has the reasons that the schedule itself finds.</summary>
internal enum DropReason
{
    /// <summary>The log has begun anew, and has another notification at the offset.</summary>
    Gone,

    /// <summary>Its time to live is over.</summary>
    Expired,

    /// <summary>The platform's provider is not configured.</summary>
    Off,

    Unreadable,
}
