using Notifications.Messaging;
using Notifications.Messaging.Registry;
using Notifications.Tests.Gateway;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Transport.Links;
using Xunit;

namespace Notifications.Tests.Browser;

public sealed class BrowserClientTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    [FactWithNode]
    public async Task Its_own_tests_in_Node_pass()
    {
        await using var node = NodeProcess.Start("--test", "tests/");

        var exitCode = await node.WaitForExitAsync(Limit);

        var report = string.Join('\n', node.Output);
        Assert.True(exitCode == 0, report);
        // A directory in which it finds no test is a success to Node.
        Assert.Matches(@"(?m)^\S+ pass [1-9]", report);
    }

    [FactWithNode]
    public Task What_the_gateway_serves_works_in_Node_too() => WorksInNodeAsync(LinkFrame.Protocol);

    [FactWithNode]
    public Task It_works_without_links_as_well() => WorksInNodeAsync(transport: null);

    private static async Task WorksInNodeAsync(string? transport)
    {
        await using var gateway = await RunningGateway.StartAsync();
        await using var hub = await HubHost.StartAsync(gateway.Redis.ConnectionString);
        await gateway.UseAsync(new HubInstance("hub", hub.Address.ToString(), Draining: false, transport));
        await using var messaging = TestMessaging.On(gateway.Redis.Connection);

        await using var client = NodeProcess.Start("tests/bundled-client.js", new Uri(gateway.Address, RunningGateway.HubPath).ToString(), TestTokens.Create("ann"));
        await Eventually.True(() => client.Output.Any(line => line == "connected" || line.Contains("Error", StringComparison.Ordinal)), "the client to connect");
        Assert.Contains("connected", client.Output);
        await messaging.Publisher.PublishAsync(StreamName.User("ann"), TestMessaging.Numbered(1));

        Assert.Equal(0, await client.WaitForExitAsync(Limit));
        Assert.Equal(["disconnected", "connecting", "connected", "NUMBERED", "disconnected", "stopped"], client.Output);
    }
}
