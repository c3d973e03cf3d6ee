namespace Notifications.Testing.History;

/// <summary>The acknowledged publishes of one stream, by epoch and offset.</summary>
internal sealed class PublishedStream
{
    private readonly Lock _lock = new();
    private readonly List<string> _epochs = [];
    private readonly List<List<int?>> _logs = [];
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    /// <summary>Two ids that were both told the same place: one of the two can't be in the log.</summary>
    public int Conflicts { get; private set; }

    public int Epochs => _logs.Count;

    public void Add(string epoch, long offset, string id)
    {
        Interlocked.Increment(ref _count);
        lock (_lock)
        {
            var log = _logs[Index(epoch)];
            var index = checked((int)offset) - 1;
            while (log.Count <= index)
            {
                log.Add(null);
            }

            if (log[index] is not null)
            {
                Conflicts++;
            }

            log[index] = Fingerprint(id);
        }
    }

    /// <summary>A small number for an epoch, in the order in which they were first heard of.</summary>
    public int EpochIndex(string epoch)
    {
        lock (_lock)
        {
            return Index(epoch);
        }
    }

    public string Epoch(int index) => _epochs[index];

    public int Length(int epoch) => _logs[epoch].Count;

    /// <summary>What was acknowledged there, as <see cref="Fingerprint"/>; null if nothing was.</summary>
    public int? At(int epoch, int offset) =>
        epoch < _logs.Count && offset >= 1 && offset <= _logs[epoch].Count ? _logs[epoch][offset - 1] : null;

    /// <summary>An id in four bytes. They are compared at the same place only, so that another id passes once in four billion times.</summary>
    public static int Fingerprint(string id) => string.GetHashCode(id, StringComparison.Ordinal);

    private int Index(string epoch)
    {
        var index = _epochs.IndexOf(epoch);
        if (index < 0)
        {
            index = _epochs.Count;
            _epochs.Add(epoch);
            _logs.Add([]);
        }

        return index;
    }
}
