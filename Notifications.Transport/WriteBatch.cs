namespace Notifications.Transport;

/// <summary>Sends on what was written to it.</summary>
internal interface IFlushable
{
    /// <summary>Never throws: the next one is to be flushed all the same.</summary>
    void Flush();
}

/// <summary>
/// What a thread writes while it works through what came in together goes out together: each that was written to is flushed once, at the end.
/// </summary>
internal static class WriteBatch
{
    [ThreadStatic]
    private static List<IFlushable>? _written;

    [ThreadStatic]
    private static bool _isOpen;

    /// <summary>Opens the batch of this thread, which it has to <see cref="End"/> before it waits for anything.</summary>
    public static void Begin() => _isOpen = true;

    /// <summary>Flushes what was put off.</summary>
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

    /// <summary>To be called once between two flushes.</summary>
    /// <returns>False if this thread has no batch open: nobody flushes later.</returns>
    public static bool PutOff(IFlushable written)
    {
        if (_isOpen)
        {
            (_written ??= []).Add(written);
        }

        return _isOpen;
    }
}
