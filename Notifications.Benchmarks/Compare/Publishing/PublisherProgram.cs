using System.Collections.Concurrent;
using System.Globalization;
using Notifications.Benchmarks.Clusters;
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
    private readonly ConcurrentQueue<(int Number, PublishResult Result)> _published = [];
    private readonly List<Task> _underWay = [];

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
        for (var count = await input.ReadAsync(buffer, cancellationToken); count > 0; count = await input.ReadAsync(buffer.AsMemory(length), cancellationToken))
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
                    _underWay.Add(PublishAsync(order, cancellationToken));
                }
            }

            buffer.AsSpan(read..length).CopyTo(buffer);
            length -= read;
        }
    }

    private async Task PublishAsync(Order order, CancellationToken cancellationToken)
    {
        var notification = Notification.Create("LOAD", Payload.Of(order)) with { Id = order.Number.ToString(CultureInfo.InvariantCulture) };
        var result = await publisher.PublishAsync(order.Recipient == Order.Topic ? _topic : User(order.Recipient), notification, cancellationToken);
        _published.Enqueue((order.Number, result));
    }

    private StreamName User(int recipient)
    {
        if (!_users.TryGetValue(recipient, out var name))
        {
            _users[recipient] = name = StreamName.User($"{Order.UserPrefix}{recipient}");
        }

        return name;
    }

    private async Task SettleAsync(TextWriter output)
    {
        await Task.WhenAll(_underWay);
        _underWay.Clear();
        await output.WriteLineAsync($"{Settled} {_published.Count}");
        while (_published.TryDequeue(out var published))
        {
            await output.WriteLineAsync($"{published.Number} {published.Result.Offset} {published.Result.Epoch}");
        }

        await output.FlushAsync();
    }
}
