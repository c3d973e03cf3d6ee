using System.Collections.Concurrent;
using System.Globalization;
using Notifications.Testing.Clusters;
using Notifications.Messaging;

namespace Notifications.Benchmarks.Compare.Publishing;

/// <summary>
/// <c>publisher</c>, a process of its own: a service that uses <see cref="NotificationPublisher"/> as README.md shows it, and publishes
/// what it is asked to over standard input. Says <c>ready</c>, and for each settling how many there were and where each went.
/// </summary>
internal sealed class PublisherProgram(NotificationPublisher publisher)
{
    public const string Command = "publisher";
    public const string Ready = "ready";
    public const string Settled = "settled";

    private readonly StreamName _topic = StreamName.Topic(Order.TopicName);
    private readonly Dictionary<int, StreamName> _users = [];
    private readonly ConcurrentDictionary<string, string> _epochs = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(int Number, long Offset, string Epoch)> _published = [];
    private TaskCompletionSource _idle = new();

    /// <summary>Publishes, and who may ask for more.</summary>
    private int _underWay = 1;

    public static async Task RunAsync(string redis, Stream input, TextWriter output, CancellationToken cancellationToken)
    {
        await using var connection = await PublisherConnection.OpenAsync(redis);
        await new PublisherProgram(connection.Publisher).RunAsync(input, output, cancellationToken);
    }

    private async Task RunAsync(Stream input, TextWriter output, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync(Ready);
        await output.FlushAsync(cancellationToken);
        var buffer = new byte[64 * 1024];
        var length = 0;
        // Blocking: reading a pipe in the background takes a thread as well, and one more to go on with what was read.
        while (input.Read(buffer.AsSpan(length)) is > 0 and var count)
        {
            length += count;
            var read = 0;
            for (; length - read >= Order.Size; read += Order.Size)
            {
                var order = Order.Read(buffer.AsSpan(read));
                if (order.Number == Order.Settle)
                {
                    await SettleAsync(output);
                }
                else
                {
                    Interlocked.Increment(ref _underWay);
                    _ = PublishAsync(order, cancellationToken);
                }
            }

            buffer.AsSpan(read..length).CopyTo(buffer);
            length -= read;
        }
    }

    /// <remarks>As in a service nobody keeps its task: tens of thousands of them would be what this process's collections of garbage take longest with.</remarks>
    private async Task PublishAsync(Order order, CancellationToken cancellationToken)
    {
        try
        {
            var notification = Notification.Create("LOAD", Payload.Of(order)) with { Id = order.Number.ToString(CultureInfo.InvariantCulture) };
            var result = await publisher.PublishAsync(order.Recipient == Order.Topic ? _topic : User(order.Recipient), notification, cancellationToken);
            _published.Enqueue((order.Number, result.Offset, _epochs.GetOrAdd(result.Epoch, result.Epoch)));
        }
        catch (Exception exception)
        {
            _idle.TrySetException(exception);
        }

        Done();
    }

    private StreamName User(int recipient)
    {
        if (!_users.TryGetValue(recipient, out var name))
        {
            _users[recipient] = name = StreamName.User($"{Order.UserPrefix}{recipient}");
        }

        return name;
    }

    private void Done()
    {
        if (Interlocked.Decrement(ref _underWay) == 0)
        {
            _idle.TrySetResult();
        }
    }

    private async Task SettleAsync(TextWriter output)
    {
        Done();
        await _idle.Task;
        (_idle, _underWay) = (new(), 1);
        await output.WriteLineAsync($"{Settled} {_published.Count}");
        while (_published.TryDequeue(out var published))
        {
            await output.WriteLineAsync($"{published.Number} {published.Offset} {published.Epoch}");
        }

        await output.FlushAsync();
    }
}
