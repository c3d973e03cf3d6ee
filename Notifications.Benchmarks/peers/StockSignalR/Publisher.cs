using System.Buffers.Binary;
using Microsoft.AspNetCore.SignalR;

namespace StockSignalR;

/// <summary>
/// A service that tells users something through the backplane. What it is asked to comes in 16 bytes over standard input: number,
/// recipient, and the intended time (<c>Compare/Publishing/Order.cs</c>).
/// </summary>
internal sealed class Publisher(IHubContext<LoadHub> hub)
{
    private const int OrderSize = 16;
    private const int Settle = 0;
    private const int Topic = -1;

    private static readonly string Filler = new('x', 200);

    private readonly List<Task> _underWay = [];

    private sealed record Payload(int N, long T, string X);

    public static async Task RunAsync(string redis)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSignalR().AddStackExchangeRedis(redis);
        await using var provider = services.BuildServiceProvider();
        await new Publisher(provider.GetRequiredService<IHubContext<LoadHub>>()).RunAsync(Console.OpenStandardInput());
    }

    private async Task RunAsync(Stream input)
    {
        // The first message makes the backplane connect; nobody is there to get it.
        await hub.Clients.User("nobody").SendAsync("notification");
        Console.WriteLine("ready");
        var order = new byte[64 * 1024];
        var length = 0;
        // Blocking: reading a pipe in the background takes a thread as well, and one more to go on with what was read.
        while (input.Read(order.AsSpan(length)) is > 0 and var count)
        {
            length += count;
            var read = 0;
            for (; length - read >= OrderSize; read += OrderSize)
            {
                await TakeAsync(order.AsMemory(read, OrderSize));
            }

            order.AsSpan(read..length).CopyTo(order);
            length -= read;
        }
    }

    private async Task TakeAsync(ReadOnlyMemory<byte> order)
    {
        var number = BinaryPrimitives.ReadInt32LittleEndian(order.Span);
        if (number == Settle)
        {
            await Task.WhenAll(_underWay);
            Console.WriteLine($"settled {_underWay.Count}");
            _underWay.Clear();
            return;
        }

        var recipient = BinaryPrimitives.ReadInt32LittleEndian(order.Span[4..]);
        var intended = BinaryPrimitives.ReadInt64LittleEndian(order.Span[8..]);
        var clients = recipient == Topic ? hub.Clients.Group("load") : hub.Clients.User($"u{recipient}");
        _underWay.Add(clients.SendAsync("notification", PayloadOf(number, intended)));
    }

    private static Payload PayloadOf(int number, long intended)
    {
        var filled = "{\"n\":,\"t\":,\"x\":\"\"}".Length + $"{number}".Length + $"{intended}".Length;
        return new Payload(number, intended, Filler[filled..]);
    }
}
