namespace Notifications.Hubs.Delivery;

/// <summary>Compares names of channels as the bytes that arrive, so that a lookup creates no string.</summary>
internal sealed class ChannelNameComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public bool Equals(byte[]? one, byte[]? other) => one.AsSpan().SequenceEqual(other);

    public int GetHashCode(byte[] name) => GetHashCode(name.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        // Clients choose a part of the names. This hash differs in each process, so they can't choose names with the same hash.
        var hash = new HashCode();
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
