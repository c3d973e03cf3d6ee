using System.Diagnostics;

namespace Notifications.Benchmarks.Compare.Wire;

/// <summary>Linux's monotonic clock in nanoseconds, which all processes of the machine share.</summary>
internal static class Clock
{
    public const long Second = 1_000_000_000;
    public const long Millisecond = 1_000_000;
    public const long Microsecond = 1_000;

    public static long Now => Stopwatch.GetTimestamp();

    public static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;
}
