using System.Globalization;
using Notifications.Benchmarks.Compare.Protocols;
using Notifications.Benchmarks.Compare.Publishing;
using Notifications.Benchmarks.Compare.Wire;
using Notifications.Testing.History;

namespace Notifications.Benchmarks.Compare;

/// <summary>
/// Gives what was ordered and what arrived to the history checker. Where a publisher is told places, the checker compares the system's
/// own; for a system without them the place of a message is its rank among those of its recipient.
/// </summary>
/// <param name="orders">What was ordered.</param>
/// <param name="arrivals">What arrived.</param>
/// <param name="readers">The clients.</param>
/// <param name="places">What the publisher was told. Empty: the system has no places.</param>
/// <param name="dropOneIn">Hides one in so many arrivals, which the check has to find lost. 0: none.</param>
internal sealed class DeliveryCheck(OrderBook orders, Arrivals arrivals, IReadOnlyList<WireConnection> readers, IReadOnlyList<Published> places, int dropOneIn)
{
    private const string NoEpoch = "-";

    private readonly DeliveryHistory _history = new();
    private readonly Dictionary<int, int> _ranks = [];

    public Verdict Check()
    {
        AddPublished();
        AddArrived();
        return _history.Check();
    }

    private void AddPublished()
    {
        if (places.Count > 0)
        {
            foreach (var place in places)
            {
                _history.Published(Stream(orders.Of(place.Number)), Id(place.Number), place.Epoch, place.Offset);
            }

            return;
        }

        var lengths = new Dictionary<int, int>();
        foreach (var order in orders.Orders)
        {
            var rank = lengths[order.Recipient] = lengths.GetValueOrDefault(order.Recipient) + 1;
            _ranks[order.Number] = rank;
            _history.Published(Stream(order), Id(order.Number), NoEpoch, rank);
        }
    }

    private void AddArrived()
    {
        var histories = readers.ToDictionary(
            reader => reader.Index,
            reader => _history.AddReader(reader.User, reader.Topic is { } topic ? $"topic:{topic}" : $"user:{reader.User}"));
        foreach (var arrival in arrivals.All.Where((_, i) => dropOneIn == 0 || i % dropOneIn != 0))
        {
            if (!histories.TryGetValue(arrival.Connection, out var history))
            {
                throw new InvalidDataException($"Message {arrival.Number} came to a client that listens to nothing that was published.");
            }

            var hasPlace = arrival.Epoch >= 0;
            history.Delivered(
                Id(arrival.Number),
                hasPlace ? arrivals.Epochs[arrival.Epoch] : NoEpoch,
                hasPlace ? arrival.Offset : _ranks.GetValueOrDefault(arrival.Number));
        }
    }

    private static string Stream(Order order) =>
        order.Recipient == Order.Topic ? $"topic:{Order.TopicName}" : $"user:{CompareSession.User(order.Recipient)}";

    private static string Id(int number) => number.ToString(CultureInfo.InvariantCulture);
}
