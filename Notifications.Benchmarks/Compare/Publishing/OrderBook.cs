using Notifications.Benchmarks.Compare.Wire;

namespace Notifications.Benchmarks.Compare.Publishing;

/// <summary>Gives out orders, to recipients in turn, and remembers them: what was ordered is what has to arrive.</summary>
internal sealed class OrderBook(Stream publisher)
{
    private readonly List<Order> _orders = new(1 << 20);
    private int _next;

    /// <summary>Of the recipients, the one that an order with this rank goes to.</summary>
    public Func<int, int> Recipient { get; set; } = rank => rank;

    /// <summary>Those since the last <see cref="Clear"/>; the first has <see cref="First"/> for its number.</summary>
    public IReadOnlyList<Order> Orders => _orders;

    public int First { get; private set; } = 1;

    public void Add(long intended)
    {
        var order = new Order(First + _orders.Count, Recipient(_next++), intended);
        _orders.Add(order);
        order.WriteTo(publisher);
    }

    /// <summary>Hands the publisher what was added.</summary>
    public void Flush() => publisher.Flush();

    public Order Of(int number) => _orders[number - First];

    public bool Has(int number) => number >= First && number < First + _orders.Count;

    /// <summary>Numbers go on, so that none comes twice in the life of a system.</summary>
    public void Clear()
    {
        First += _orders.Count;
        _orders.Clear();
    }

    /// <summary>The next order goes to the first recipient.</summary>
    public void StartOver() => _next = 0;

    /// <summary>An open loop, without regard for what arrives: each order at its time by the schedule.</summary>
    public Func<long, long> Scheduled(int rate)
    {
        var start = Clock.Now;
        long begun = 0;
        return now =>
        {
            for (var due = (now - start) * rate / Clock.Second; begun < due; begun++)
            {
                Add(start + (begun + 1) * Clock.Second / rate);
            }

            Flush();
            return start + (begun + 1) * Clock.Second / rate;
        };
    }
}
