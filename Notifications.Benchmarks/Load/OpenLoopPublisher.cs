using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Notifications.Testing.History;
using Notifications.Messaging;
using StackExchange.Redis;

namespace Notifications.Benchmarks.Load;

/// <summary>
/// Publishes by the clock, however long Redis or the clients take, and tells the history what Redis acknowledged. What failed is
/// published again with the same id until it is.
/// </summary>
internal sealed class OpenLoopPublisher(NotificationPublisher publisher, DeliveryHistory history, IReadOnlyList<UserStream> streams)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private static readonly JsonElement Payload = JsonSerializer.SerializeToElement(new
    {
        order = 4711,
        status = "Shipped",
        text = "Your order is on its way and arrives tomorrow between 10 and 12. Follow it under the link in this message.",
    });

    private long _published;
    private long _underWay;
    private volatile Exception? _failure;

    /// <summary>Acknowledged so far.</summary>
    public long Published => Interlocked.Read(ref _published);

    /// <summary>Begun and not acknowledged yet.</summary>
    public long UnderWay => Interlocked.Read(ref _underWay);

    /// <summary>
    /// The longest that this process itself, not the system, stood still: on a machine too busy for the load it tells why clients
    /// waited.
    /// </summary>
    public TimeSpan LongestStall { get; private set; }

    /// <summary>
    /// Begins <paramref name="rate"/> notifications a second for a time, or until a task ends before that. Returns when all of them are acknowledged.
    /// </summary>
    public async Task RunAsync(int rate, TimeSpan duration, Task until, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(Tick);
        long begun = 0;
        for (var last = TimeSpan.Zero; last < duration && !until.IsCompleted && await timer.WaitForNextTickAsync(cancellationToken);)
        {
            var now = watch.Elapsed;
            LongestStall = now - last > LongestStall ? now - last : LongestStall;
            last = now;
            // Also what fell due while the driver stood still.
            for (var due = (long)(Math.Min(now.TotalSeconds, duration.TotalSeconds) * rate); begun < due; begun++)
            {
                Interlocked.Increment(ref _underWay);
                _ = PublishAsync(streams[Random.Shared.Next(streams.Count)], begun, cancellationToken);
            }
        }

        while (UnderWay > 0 && _failure is null)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }

        if (_failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private async Task PublishAsync(UserStream stream, long number, CancellationToken cancellationToken)
    {
        var notification = new Notification { Id = number.ToString(CultureInfo.InvariantCulture), Type = "LOAD", Payload = Payload };
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var result = await publisher.PublishAsync(stream.Name, notification, cancellationToken);
                history.Published(stream.Name.Value, result.Id, result.Epoch, result.Offset);
                stream.Acknowledged(result.Offset);
                Interlocked.Increment(ref _published);
                Interlocked.Decrement(ref _underWay);
                return;
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                await Task.Delay(RetryDelay, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception exception)
            {
                _failure = exception;
                return;
            }
        }
    }
}
