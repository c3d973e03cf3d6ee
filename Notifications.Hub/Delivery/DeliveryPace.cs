using System.Numerics;

namespace Notifications.Hubs.Delivery;

/// <summary>How many notifications this instance delivers and how late, over the last seconds. A delivery costs one addition and no memory.</summary>
internal sealed class DeliveryPace(TimeProvider time)
{
    /// <summary>Each doubling of the lag has four steps, so a reported lag is at most a quarter too high.</summary>
    private const int StepBits = 2;
    private const int Steps = 1 << StepBits;

    /// <summary>The last doubling is from 2^22 to 2^23 ms, about 140 minutes. A longer lag counts as that.</summary>
    private const int MaxDoubling = 22;

    /// <summary>Deliveries by the step of their lag, and at the end the deliveries without a lag.</summary>
    private const int Counters = ((MaxDoubling + 1) * Steps) + 1;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Queue<Counts> _earlier = new([new Counts(time.GetTimestamp(), new long[Counters])]);
    private readonly long[] _deliveries = new long[Counters];

    /// <param name="lag">
    /// The time from the publish to the write; null: the notification was published before its connection subscribed, so its lag says nothing of this instance.
    /// </param>
    public void Delivered(TimeSpan? lag) =>
        Interlocked.Increment(ref _deliveries[lag is { } late ? StepOf((long)late.TotalMilliseconds) : _deliveries.Length - 1]);

    /// <summary>The pace since the latest earlier reading that is at least <see cref="Window"/> old, or else since the oldest one.</summary>
    public PaceReading Read()
    {
        lock (_lock)
        {
            var now = Count();
            _earlier.Enqueue(now);
            while (_earlier.ElementAt(1) is var next && next != now && time.GetElapsedTime(next.At, now.At) >= Window)
            {
                _earlier.Dequeue();
            }

            var before = _earlier.Peek();
            var seconds = time.GetElapsedTime(before.At, now.At).TotalSeconds;
            var deliveries = now.Deliveries.Zip(before.Deliveries, (after, earlier) => after - earlier).ToArray();
            var lags = deliveries[..^1];
            return new PaceReading(seconds > 0 ? deliveries.Sum() / seconds : 0, Quantile(lags, 0.99), Quantile(lags, 1));
        }
    }

    private Counts Count() => new(time.GetTimestamp(), [.. _deliveries]);

    /// <summary>The end of the step in which this share of all lags is reached; null: there are none.</summary>
    private static TimeSpan? Quantile(long[] lags, double share)
    {
        var wanted = (long)Math.Ceiling(lags.Sum() * share);
        for (var step = 0; wanted > 0 && step < lags.Length; step++)
        {
            wanted -= lags[step];
            if (wanted <= 0)
            {
                return TimeSpan.FromMilliseconds(EndOf(step));
            }
        }

        return null;
    }

    private static int StepOf(long milliseconds)
    {
        var lag = Math.Clamp(milliseconds, 0, (1L << (MaxDoubling + 1)) - 1);
        if (lag < Steps)
        {
            return (int)lag;
        }

        var doubling = BitOperations.Log2((ulong)lag);
        return (doubling * Steps) + (int)((lag >> (doubling - StepBits)) & (Steps - 1));
    }

    private static long EndOf(int step) =>
        step < Steps ? step + 1 : (Steps + (step % Steps) + 1L) << ((step / Steps) - StepBits);

    private sealed record Counts(long At, long[] Deliveries);
}

/// <param name="PerSecond">Notifications written to connections per second.</param>
/// <param name="LagP99">The lag that 99 of 100 notifications stayed within; null: there was none.</param>
/// <param name="LagMax">The longest lag; null: there was no notification.</param>
internal readonly record struct PaceReading(double PerSecond, TimeSpan? LagP99, TimeSpan? LagMax);
