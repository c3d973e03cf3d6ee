namespace Notifications.Testing.History;

/// <param name="Epoch">Its index in the order in which the epochs of the stream were first heard of.</param>
/// <param name="Offset">1, 2, 3 …</param>
internal readonly record struct Place(int Epoch, long Offset)
{
    public bool IsAfter(Place other) => Epoch > other.Epoch || (Epoch == other.Epoch && Offset > other.Offset);
}

/// <summary>Everything after <paramref name="Before"/> up to and including <paramref name="After"/> was announced as gone.</summary>
internal readonly record struct AnnouncedGap(Place? Before, Place After)
{
    public bool Covers(Place place) => !place.IsAfter(After) && (Before is not { } before || place.IsAfter(before));
}
