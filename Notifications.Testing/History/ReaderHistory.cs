using System.Collections;

namespace Notifications.Testing.History;

/// <summary>What one reader gave to its application out of one stream, in order.</summary>
internal sealed class ReaderHistory(string name, PublishedStream stream)
{
    private readonly Lock _lock = new();
    private readonly List<Delivery> _deliveries = [];
    private readonly List<AnnouncedGap> _gaps = [];
    private string? _epoch;
    private int _epochIndex;

    private readonly record struct Delivery(int Epoch, int Offset, int Fingerprint);

    public void Delivered(string id, string epoch, long offset)
    {
        lock (_lock)
        {
            _deliveries.Add(new Delivery(EpochIndex(epoch), checked((int)offset), PublishedStream.Fingerprint(id)));
        }
    }

    /// <summary>The application was told that what lies between these places can no longer be had.</summary>
    /// <param name="before">The last place known before the gap; null if there was none.</param>
    /// <param name="after">The place before the next delivery.</param>
    public void GapAnnounced((string Epoch, long Offset)? before, (string Epoch, long Offset) after)
    {
        lock (_lock)
        {
            var from = before is { } known ? new Place(EpochIndex(known.Epoch), known.Offset) : (Place?)null;
            _gaps.Add(new AnnouncedGap(from, new Place(EpochIndex(after.Epoch), after.Offset)));
        }
    }

    public void Check(Verdict verdict)
    {
        var delivered = CheckDeliveries(verdict);
        for (var epoch = 0; epoch < stream.Epochs; epoch++)
        {
            for (var offset = 1; offset <= stream.Length(epoch); offset++)
            {
                if (stream.At(epoch, offset) is not null && !delivered[epoch][offset])
                {
                    Missing(verdict, epoch, offset);
                }
            }
        }

        verdict.AddLost(stream.Conflicts, name, "was acknowledged at the place of another");
        verdict.AddGaps(_gaps.Count);
    }

    /// <returns>For each epoch, which offsets came.</returns>
    private BitArray[] CheckDeliveries(Verdict verdict)
    {
        BitArray[] delivered = [.. Enumerable.Range(0, stream.Epochs).Select(epoch => new BitArray(stream.Length(epoch) + 1))];
        var left = new BitArray(stream.Epochs);
        var at = new Place(-1, 0);
        foreach (var (epoch, offset, fingerprint) in _deliveries)
        {
            verdict.AddDelivered();
            if (stream.At(epoch, offset) != fingerprint)
            {
                verdict.AddPhantom(Describe(epoch, offset));
            }
            else if (delivered[epoch][offset])
            {
                verdict.AddDuplicated(Describe(epoch, offset));
            }
            else
            {
                delivered[epoch][offset] = true;
                if (left[epoch] || (epoch == at.Epoch && offset < at.Offset))
                {
                    verdict.AddReordered(Describe(epoch, offset));
                    continue;
                }

                if (at.Epoch >= 0 && at.Epoch != epoch)
                {
                    left[at.Epoch] = true;
                }

                at = new Place(epoch, offset);
            }
        }

        return delivered;
    }

    private void Missing(Verdict verdict, int epoch, int offset)
    {
        if (_gaps.Exists(gap => gap.Covers(new Place(epoch, offset))))
        {
            verdict.AddMissingInGap();
        }
        else
        {
            verdict.AddLost(1, name, Place(epoch, offset));
        }
    }

    private string Describe(int epoch, int offset) => $"{name}: {Place(epoch, offset)}";

    private string Place(int epoch, int offset) => $"offset {offset} of epoch {stream.Epoch(epoch)}";

    private int EpochIndex(string epoch)
    {
        // Nearly always the one of the delivery before.
        if (epoch != _epoch)
        {
            _epochIndex = stream.EpochIndex(epoch);
            _epoch = epoch;
        }

        return _epochIndex;
    }
}
