using System.Collections.Concurrent;

namespace Notifications.Testing.History;

/// <summary>
/// What publishers were told that Redis has, and what each reader gave to its application, in order. At the end
/// <see cref="Check"/> compares the two. Kept small, some 12 bytes a delivery, so that a run may have tens of millions. May be
/// used from several threads at once.
/// </summary>
internal sealed class DeliveryHistory
{
    private readonly ConcurrentDictionary<string, PublishedStream> _streams = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<ReaderHistory> _readers = [];

    /// <summary>A publish was acknowledged to its publisher: every reader of the stream has to get it, once, at this place.</summary>
    public void Published(string stream, string id, string epoch, long offset) => Stream(stream).Add(epoch, offset, id);

    /// <summary>A new reader that has to get all of the stream, told apart from the others by <paramref name="name"/>.</summary>
    public ReaderHistory AddReader(string name, string stream)
    {
        var reader = new ReaderHistory(name, Stream(stream));
        _readers.Enqueue(reader);
        return reader;
    }

    /// <summary>Call it when nothing is published or delivered any more.</summary>
    public Verdict Check()
    {
        var verdict = new Verdict(_streams.Values.Sum(stream => stream.Count));
        foreach (var reader in _readers)
        {
            reader.Check(verdict);
        }

        return verdict;
    }

    private PublishedStream Stream(string name) => _streams.GetOrAdd(name, _ => new PublishedStream());
}
