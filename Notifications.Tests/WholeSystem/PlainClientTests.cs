using System.Text.Json;
using Notifications.Tests.Browser;
using Xunit;

namespace Notifications.Tests.WholeSystem;

[Collection(OneSystem.Name)]
public sealed class PlainClientTests(RunningSystem system)
{
    [FactWithNode]
    public async Task A_SignalR_client_in_Node_that_only_listens_for_notification_gets_them()
    {
        using var user = await system.SignInAsync("plain-node");
        await user.PlaceOrderAsync("Before");
        await using var client = NodeProcess.Start("tests/plain-client.js", new Uri(system.Gateway, "/hubs/notifications").ToString(), user.Token);
        await Eventually.True(() => client.Output.Contains("connected"), $"the client to connect. It said: {string.Join('\n', client.Output)}");

        // Connected is not yet subscribed, and such a client cannot tell: place orders until one comes.
        var orders = new List<string>();
        await Eventually.True(
            async () =>
            {
                orders.Add(await user.PlaceOrderAsync());
                return client.Output.Count > 1;
            },
            "the first notification");
        orders.Add(await user.PlaceOrderAsync());

        var order = orders[^1];
        await Eventually.True(() => Received(client).LastOrDefault()?.Order() == order, "the last notification");
        var received = Received(client);
        Assert.Equal(orders.TakeLast(received.Count), received.Select(notification => notification.Order()));
        Assert.All(received, notification => Assert.Equal(("ORDER_PLACED", $"user:{user.Id}"), (notification.Type, notification.Stream)));
    }

    private static List<ReceivedNotification> Received(NodeProcess client) =>
        [.. client.Output.Where(line => line.StartsWith('{')).Select(line => JsonSerializer.Deserialize<ReceivedNotification>(line, JsonSerializerOptions.Web)!)];
}
