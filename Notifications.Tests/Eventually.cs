using System.Diagnostics;

namespace Notifications.Tests;

/// <summary>Waits for what happens elsewhere, with a limit, and says what it waited for when that did not come.</summary>
public static class Eventually
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <param name="condition">Asked again and again until it answers true.</param>
    /// <param name="what">What is awaited, as the end of "Waited 15 s for …".</param>
    /// <param name="limit">15 s unless set.</param>
    public static Task True(Func<Task<bool>> condition, string what, TimeSpan? limit = null) =>
        Value(async () => await condition() ? "true" : null, what, limit);

    /// <inheritdoc cref="True(Func{Task{bool}}, string, TimeSpan?)"/>
    public static Task True(Func<bool> condition, string what, TimeSpan? limit = null) =>
        True(() => Task.FromResult(condition()), what, limit);

    /// <returns>The first value that is not null.</returns>
    public static async Task<T> Value<T>(Func<Task<T?>> read, string what, TimeSpan? limit = null) where T : class
    {
        var within = limit ?? DefaultLimit;
        var watch = Stopwatch.StartNew();
        while (true)
        {
            // Asked once more after the limit: a machine that stalled in the pause must not fail the test.
            var last = watch.Elapsed >= within;
            if (await read() is { } value)
            {
                return value;
            }

            if (last)
            {
                throw new TimeoutException($"Waited {within.TotalSeconds:0.#} s for {what}.");
            }

            await Task.Delay(Interval);
        }
    }
}
