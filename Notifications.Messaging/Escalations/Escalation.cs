using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Notifications.Messaging.Escalations;

/// <summary>A notification that goes to its user's phones unless a device acknowledges it before it is due.</summary>
/// <param name="Stream">The user's stream.</param>
/// <param name="Offset">The offset of the notification in the stream.</param>
/// <param name="Id">The notification's id. It shows whether the log still has this notification at the offset.</param>
/// <param name="Attempt">How many attempts were made before.</param>
/// <param name="Device">The one phone that gets it; null: all phones that the user has when it is due.</param>
internal sealed record Escalation(StreamName Stream, long Offset, string Id, int Attempt = 0, string? Device = null)
{
    // No part of an escalation has a space in it.
    private const char Separator = ' ';

    /// <summary>The escalation as a member of the schedule: <c>attempt offset id stream [device]</c>.</summary>
    public override string ToString()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{Attempt} {Offset} {Target}");
        return Device is null ? text : text + Separator + Device;
    }

    /// <summary><c>id stream</c>: what the publisher knows before the notification has an offset.</summary>
    internal string Target => Id + Separator + Stream.Value;

    internal static bool TryParse(string text, [NotNullWhen(true)] out Escalation? escalation)
    {
        var parts = text.Split(Separator);
        escalation = parts.Length is 4 or 5
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            && StreamName.TryParse(parts[3], out var stream)
            ? new Escalation(stream, offset, parts[2], attempt, parts.ElementAtOrDefault(4))
            : null;
        return escalation is not null;
    }
}

/// <summary>An escalation that an instance claimed, until the lease ends.</summary>
/// <param name="Escalation">The escalation.</param>
/// <param name="LeaseEnd">The end of the lease in Unix milliseconds, by Redis's clock. No other claim of this escalation has the same.</param>
/// <param name="Late">How long the escalation had been due.</param>
internal sealed record EscalationClaim(Escalation Escalation, string LeaseEnd, TimeSpan Late);

/// <summary>The result of a claim.</summary>
/// <param name="Claims">The claimed escalations, to be read and then settled.</param>
/// <param name="Unreadable">Escalations in another form, such as a later version's. They are not lost: they fall due again.</param>
internal sealed record ClaimedEscalations(IReadOnlyList<EscalationClaim> Claims, IReadOnlyList<string> Unreadable);

/// <summary>The state of a claimed escalation.</summary>
internal enum EscalationState
{
    Due,

    /// <summary>Dropped: a device of the user has acknowledged the notification.</summary>
    Acknowledged,

    /// <summary>Dropped: the log no longer has the notification.</summary>
    Gone,

    /// <summary>Dropped: the user has no phone.</summary>
    NoPhone,
}

/// <summary>A claimed escalation with what is needed to send it. Only <see cref="EscalationState.Due"/> has more than the state.</summary>
internal sealed record DueEscalation(EscalationState State, string Epoch, ReadOnlyMemory<byte> Entry, IReadOnlyList<Phone> Phones);
