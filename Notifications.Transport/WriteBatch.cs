namespace Notifications.Transport;

/// <summary>A buffer that sends its writes when it is flushed.</summary>
internal interface IFlushable
{
    /// <summary>Sends what was written. Must not throw: the other buffers of the batch still have to be flushed.</summary>
    void Flush();
}

/// <summary>
/// Gathers the writes that a thread makes while it handles bytes that arrived together. Each buffer that was written to is flushed once, at the end.
/// </summary>
internal static class WriteBatch
{
    [ThreadStatic]
    private static List<IFlushable>? _written;

    [ThreadStatic]
    private static bool _isOpen;

    /// <summary>Opens the batch of this thread. The thread has to call <see cref="End"/> before it waits for anything.</summary>
    public static void Begin() => _isOpen = true;

    /// <summary>Closes the batch and flushes the buffers that were put off.</summary>
    public static void End()
    {
        _isOpen = false;
        if (_written is not { } written)
        {
            return;
        }

        try
        {
            foreach (var each in written)
            {
                each.Flush();
            }
        }
        finally
        {
            written.Clear();
        }
    }

    /// <summary>Puts off the flush of a buffer to the end of this thread's batch. To be called once between two flushes.</summary>
    /// <returns>False when this thread has no open batch: the caller has to flush itself.</returns>
    public static bool PutOff(IFlushable written)
    {
        if (_isOpen)
        {
            (_written ??= []).Add(written);
        }

        return _isOpen;
    }
}
