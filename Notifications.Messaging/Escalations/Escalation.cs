using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Notifications.Messaging.Escalations;

/// <summary>A notification that goes to its user's phones unless it is acknowledged before it falls due.</summary>
/// <param name="Stream">The user's stream.</param>
/// <param name="Offset">Where the notification stands in it.</param>
/// <param name="Id">The notification's id: that it still stands there is known by it.</param>
/// <param name="Attempt">How often it was tried before.</param>
/// <param name="Device">The one phone that it is for; null: all that the user has by then.</param>
internal sealed record Escalation(StreamName Stream, long Offset, string Id, int Attempt = 0, string? Device = null)
{
    // None of its parts has a space in it.
    private const char Separator = ' ';

    /// <summary>As a member of the schedule: <c>attempt offset id stream [device]</c>.</summary>
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

/// <summary>An escalation in the hands of whoever claimed it, until the lease ends.</summary>
/// <param name="Escalation">What it is about.</param>
/// <param name="LeaseEnd">By Redis's clock, in Unix milliseconds; nobody else's claim has the same.</param>
/// <param name="Late">How long it had been due.</param>
internal sealed record EscalationClaim(Escalation Escalation, string LeaseEnd, TimeSpan Late);

/// <summary>What a claim brought.</summary>
/// <param name="Claims">To be read, and then settled.</param>
/// <param name="Unreadable">Of another form, such as a later version's: nobody lost them, they fall due again.</param>
internal sealed record ClaimedEscalations(IReadOnlyList<EscalationClaim> Claims, IReadOnlyList<string> Unreadable);

/// <summary>What has become of a claimed escalation.</summary>
internal enum EscalationState
{
    Due,

    /// <summary>Dropped: a device of the user has acknowledged it.</summary>
    Acknowledged,

    /// <summary>Dropped: its log no longer has it.</summary>
    Gone,

    /// <summary>Dropped: the user has no phone.</summary>
    NoPhone,
}

/// <summary>A claimed escalation with what it takes to send it.</summary>
/// <param name="State">With any other than <see cref="EscalationState.Due"/> there is no more to it.</param>
/// <param name="Epoch">Of the notification's position.</param>
/// <param name="Entry">The notification.</param>
/// <param name="Phones">The user's phones.</param>
internal sealed record DueEscalation(EscalationState State, string Epoch, ReadOnlyMemory<byte> Entry, IReadOnlyList<Phone> Phones);
