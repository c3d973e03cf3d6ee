namespace Notifications.Hubs.Delivery;

/// <summary>
/// Reads logs for the connections of this instance. The number of reads at the same time is limited, so that thousands of clients that connect or catch up
/// together do not overload Redis. Connections that need the same read share it.
/// </summary>
internal sealed class LogReader(NotificationLog log) : IDisposable
{
    private const int Concurrency = 32;

    private readonly SemaphoreSlim _slots = new(Concurrency);
    private readonly Lock _lock = new();
    private readonly Dictionary<Request, Reads> _reads = [];

    private readonly record struct Request(StreamName Stream, long Offset, int Limit, string? GivenOutIn, string Token, bool Begins);

    /// <summary>
    /// The same as <see cref="NotificationLog.ReadAfterAsync"/>. A call does not join a read that has begun, because that read may be older than the caller's
    /// subscription to the channel. All calls that come while a read runs share the next one.
    /// </summary>
    public Task<StreamPage> ReadAfterAsync(StreamName stream, long offset, int limit, string? givenOutIn = null, string token = "", bool begins = true)
    {
        var request = new Request(stream, offset, limit, givenOutIn, token, begins);
        lock (_lock)
        {
            if (!_reads.TryGetValue(request, out var reads))
            {
                _reads[request] = reads = new Reads();
                return reads.Running = ReadSharedAsync(request, after: Task.CompletedTask);
            }

            return reads.Waiting ??= ReadSharedAsync(request, after: reads.Running);
        }
    }

    /// <inheritdoc cref="NotificationLog.ReadAfterCursorAsync"/>
    public Task<StreamPage> ReadAfterCursorAsync(StreamName stream, DeviceName device, int limit, bool begins) =>
        ReadAsync(stream, () => log.ReadAfterCursorAsync(stream, device, limit, begins));

    /// <inheritdoc cref="NotificationLog.ReadEndAsync"/>
    public Task<StreamPage> ReadEndAsync(StreamName stream, bool begins) => ReadAsync(stream, () => log.ReadEndAsync(stream, begins));

    public void Dispose() => _slots.Dispose();

    private async Task<StreamPage> ReadSharedAsync(Request request, Task after)
    {
        // Yields even if there is nothing to wait for: the caller, which holds the lock, has to store this read before it ends.
        await Task.Yield();
        await after.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            return await ReadAsync(request.Stream, () => log.ReadAfterAsync(request.Stream, request.Offset, request.Limit, request.GivenOutIn, request.Token, request.Begins));
        }
        finally
        {
            lock (_lock)
            {
                var reads = _reads[request];
                if (reads.Waiting is { } next)
                {
                    (reads.Running, reads.Waiting) = (next, null);
                }
                else
                {
                    _reads.Remove(request);
                }
            }
        }
    }

    private async Task<StreamPage> ReadAsync(StreamName stream, Func<Task<LogPage>> read)
    {
        await _slots.WaitAsync();
        try
        {
            return new StreamPage(stream, await read());
        }
        finally
        {
            _slots.Release();
        }
    }

    private sealed class Reads
    {
        public Task<StreamPage> Running { get; set; } = null!;

        /// <summary>Begins when <see cref="Running"/> has ended.</summary>
        public Task<StreamPage>? Waiting { get; set; }
    }
}

/// <summary>A page of a log for any number of connections: each notification becomes one frame for all of them.</summary>
internal sealed class StreamPage(StreamName stream, LogPage page)
{
    private readonly Lazy<NotificationFrame[]> _frames = new(() =>
        [.. Enumerable.Range(0, page.Entries.Count).Select(index => NotificationFrame.Read(stream, page, index))]);

    public LogPage Page => page;

    /// <exception cref="FormatException">An entry was written by another program or another version.</exception>
    public IReadOnlyList<NotificationFrame> Frames => _frames.Value;
}
