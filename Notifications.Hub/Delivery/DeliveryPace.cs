using System.Numerics;

namespace Notifications.Hubs.Delivery;

/// <summary>How fast this instance delivers and how late, over the last seconds. Costs a delivery one addition and no memory.</summary>
internal sealed class DeliveryPace
{
    /// <summary>Four steps to each doubling: a lag is told at most a quarter too high.</summary>
    private const int StepBits = 2;
    private const int Steps = 1 << StepBits;

    /// <summary>Up to about an hour. What took longer counts as that.</summary>
    private const int MaxDoubling = 22;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Queue<Counts> _earlier = new();

    /// <summary>Deliveries by the step of their lag, and at the end those that have none.</summary>
    private readonly long[] _deliveries = new long[((MaxDoubling + 1) * Steps) + 1];

    public DeliveryPace(TimeProvider time)
    {
        _time = time;
        _earlier.Enqueue(Count());
    }

    /// <param name="lag">From the publish to the write; null of one that was published before its connection wanted it, where that says nothing of this instance.</param>
    public void Delivered(TimeSpan? lag) =>
        Interlocked.Increment(ref _deliveries[lag is { } late ? StepOf((long)late.TotalMilliseconds) : _deliveries.Length - 1]);

    /// <summary>The last seconds: as many as there are between this reading and the last one that is long enough ago.</summary>
    public PaceReading Read()
    {
        lock (_lock)
        {
            var now = Count();
            _earlier.Enqueue(now);
            while (_earlier.ElementAt(1) is var next && next != now && _time.GetElapsedTime(next.At, now.At) >= Window)
            {
                _earlier.Dequeue();
            }

            var before = _earlier.Peek();
            var seconds = _time.GetElapsedTime(before.At, now.At).TotalSeconds;
            var deliveries = now.Deliveries.Zip(before.Deliveries, (after, earlier) => after - earlier).ToArray();
            var lags = deliveries[..^1];
            return new PaceReading(seconds > 0 ? deliveries.Sum() / seconds : 0, Quantile(lags, 0.99), Quantile(lags, 1));
        }
    }

    private Counts Count() => new(_time.GetTimestamp(), [.. _deliveries]);

    /// <summary>The end of the step in which that share of all is reached.</summary>
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

/// <param name="PerSecond">Notifications written to connections.</param>
/// <param name="LagP99">Within which 99 of 100 were written after their publish; null if there was none.</param>
/// <param name="LagMax">Within which all were.</param>
internal readonly record struct PaceReading(double PerSecond, TimeSpan? LagP99, TimeSpan? LagMax);
