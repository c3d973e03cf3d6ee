using Microsoft.AspNetCore.Http.Connections;
using Xunit;

namespace Notifications.Tests.WholeSystem;

[Collection(OneSystem.Name)]
public sealed class DeliveryTests(RunningSystem system) : Deliveries(system);

[Collection(OwnSystem.Name)]
public sealed class PlainDeliveryTests(PlainSystem system) : Deliveries(system), IClassFixture<PlainSystem>;

/// <summary>What holds however sessions go between gateway and hub.</summary>
public abstract class Deliveries(RunningSystem system)
{
    private const int Users = 30;
    private const int Replicas = 3;

    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    [InlineData(HttpTransportType.LongPolling)]
    public async Task Thirty_users_on_three_replicas_each_get_exactly_their_own_notifications(HttpTransportType transport)
    {
        var users = await Task.WhenAll(Enumerable.Range(0, Users).Select(i => system.SignInAsync($"{transport}-{i}")));
        var clients = await Task.WhenAll(users.Select(user => user.ConnectAsync(transport)));
        var instances = await Task.WhenAll(clients.Select(client => client.InstanceAsync()));
        Assert.Equal(Replicas, instances.Distinct().Count());

        var first = await Task.WhenAll(users.Select(user => user.PlaceOrderAsync()));
        var second = await Task.WhenAll(users.Select(user => user.PlaceOrderAsync()));

        // The second one is the fence: once it is here, whatever went astray with the first would be too.
        await Eventually.True(
            () => clients.Zip(second).All(pair => pair.First.Received.Any(received => received.Order() == pair.Second)),
            "every user's second order to be announced to them");
        for (var i = 0; i < Users; i++)
        {
            Assert.Equal(
                [("ORDER_PLACED", $"user:{users[i].Id}", first[i], 1), ("ORDER_PLACED", $"user:{users[i].Id}", second[i], 2L)],
                clients[i].Received.Select(received => (received.Type, received.Stream, received.Order(), received.Offset)));
        }

        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_staff_member_advances_an_order_and_its_owner_is_told_each_step()
    {
        using var owner = await system.SignInAsync("owner-of-steps");
        using var staff = await system.SignInAsync("clerk", "staff");
        await using var client = await owner.ConnectAsync();

        var order = await owner.PlaceOrderAsync();
        string[] steps = ["Paid", "Shipped", "Delivered"];
        foreach (var step in steps)
        {
            await staff.SetStatusAsync(order, step);
        }

        await Eventually.True(() => client.Received.Count == 1 + steps.Length, "four notifications");
        Assert.Equal(["ORDER_PLACED", "ORDER_UPDATED", "ORDER_UPDATED", "ORDER_UPDATED"], client.Received.Select(received => received.Type));
        Assert.Equal(["Placed", .. steps], client.Received.Select(received => received.Status()));
    }
}
