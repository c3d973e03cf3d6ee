using System.Net;
using System.Text;
using Notifications.Benchmarks.Compare;
using Notifications.Benchmarks.Compare.Protocols;
using Notifications.Benchmarks.Compare.Publishing;
using Notifications.Benchmarks.Compare.Wire;
using Xunit;

namespace Notifications.Tests.Benchmarks;

/// <summary>The compare command's check finds what a system did wrong, whether or not the system has offsets.</summary>
public sealed class DeliveryCheckTests
{
    private readonly OrderBook _orders = new(Stream.Null) { Recipient = _ => 0 };
    private readonly Arrivals _arrivals = new();
    private readonly ClientLoop _clients;

    public DeliveryCheckTests()
    {
        _clients = new ClientLoop(new PlainProtocol(_arrivals), CancellationToken.None);
        _clients.Add("u0", new IPEndPoint(IPAddress.Loopback, 1));
        for (var i = 0; i < 3; i++)
        {
            _orders.Add(intended: 1);
        }
    }

    [Theory]
    [InlineData(new[] { 1, 2, 3 }, 0, 0, 0)]
    [InlineData(new[] { 1, 3 }, 1, 0, 0)]
    [InlineData(new[] { 1, 2, 2, 3 }, 0, 1, 0)]
    [InlineData(new[] { 1, 3, 2 }, 0, 0, 1)]
    public void Without_offsets_by_the_order_of_publishing(int[] arrived, int lost, int duplicated, int reordered)
    {
        foreach (var number in arrived)
        {
            _arrivals.Add(0, Message(number));
        }

        var verdict = new DeliveryCheck(_orders, _arrivals, _clients.Connections, []).Check();

        Assert.Equal((3, lost, duplicated, reordered, 0), (verdict.Published, verdict.Lost, verdict.Duplicated, verdict.Reordered, verdict.Phantom));
    }

    [Fact]
    public void With_offsets_by_the_places_that_the_publisher_was_told()
    {
        var epoch = _arrivals.AddEpoch("e");
        _arrivals.Add(0, Message(1), 11, epoch);
        _arrivals.Add(0, Message(2), 13, epoch);
        Published[] places = [new(1, "e", 11), new(2, "e", 12), new(3, "e", 13)];

        var verdict = new DeliveryCheck(_orders, _arrivals, _clients.Connections, places).Check();

        Assert.Equal((3, 2, 1), (verdict.Published, verdict.Lost, verdict.Phantom));
    }

    private static byte[] Message(int number) => Encoding.UTF8.GetBytes($"{{\"n\":{number},\"t\":1}}");
}
