using Aspire.Hosting.ApplicationModel;
using Xunit;

namespace Notifications.Tests.WholeSystem;

[Collection(OneSystem.Name)]
public sealed class GatewayLossTests(RunningSystem system)
{
    private const int Users = 12;

    public enum End
    {
        Killed,
        Stopped,
    }

    [Theory]
    [InlineData(End.Killed)]
    [InlineData(End.Stopped)]
    public async Task Clients_of_a_gateway_that_goes_come_back_through_the_other(End end)
    {
        string[] names = [.. Enumerable.Range(0, Users).Select(i => $"{end}-{i}")];
        var users = await Task.WhenAll(names.Select(name => system.SignInAsync(name)));
        var clients = await Task.WhenAll(users.Select(user => user.ConnectAsync(device: "phone")));

        // One after the other: whoever was on the second, or came there from the first, has to move to the first one's successor.
        foreach (var gateway in await Replica.ReadyAsync(system.App, "gateway", RunningSystem.Gateways))
        {
            await EndAsync(gateway, end);
            var orders = await Task.WhenAll(names.Select(PlaceOrderAsync));
            await Eventually.True(
                () => clients.Zip(orders).All(pair => pair.First.Received.Any(received => received.Order() == pair.Second)),
                "every user's order to be announced to them");
            await StartAgainAsync(gateway);
        }

        Assert.All(clients, client => Assert.True(client.Subscribed.Count > 1, "It was never connected again."));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    private async Task EndAsync(Replica gateway, End end)
    {
        if (end == End.Killed)
        {
            await gateway.KillAsync();
            return;
        }

        var stopped = await system.App.ResourceCommands.ExecuteCommandAsync(gateway.ResourceId, KnownResourceCommands.StopCommand);
        Assert.True(stopped.Success, stopped.Message);
    }

    private async Task StartAgainAsync(Replica gateway)
    {
        var started = await system.App.ResourceCommands.ExecuteCommandAsync(gateway.ResourceId, KnownResourceCommands.StartCommand);
        Assert.True(started.Success, started.Message);
        await Replica.ReadyAsync(system.App, "gateway", RunningSystem.Gateways);
    }

    /// <summary>On a connection of its own: an older one may have led to the gateway that has gone.</summary>
    private async Task<string> PlaceOrderAsync(string name)
    {
        using var user = await Eventually.Value(() => TrySignInAsync(name), "a gateway to answer");
        return await user.PlaceOrderAsync();
    }

    /// <returns>Null where the connection led to a gateway that is gone: the load balancer before them takes a moment to notice.</returns>
    private async Task<SignedInUser?> TrySignInAsync(string name)
    {
        try
        {
            return await system.SignInAsync(name);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
