using Microsoft.AspNetCore.Http.Connections;
using Microsoft.Extensions.Logging;
using Notifications.Messaging;
using Notifications.Tests.Gateway;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Transport.Links;
using Xunit;

namespace Notifications.Tests.Transport;

/// <summary>Gateways and hubs that carry sessions over links or not, in every combination.</summary>
public sealed class PlainModeTests
{
    private const string Mode = "Transport:Mode";

    [Theory]
    [InlineData("Links", "Links", 1)]
    [InlineData("Links", "Plain", 0)]
    [InlineData("Plain", "Links", 0)]
    [InlineData("Plain", "Plain", 0)]
    public async Task Each_end_goes_by_what_the_other_one_takes(string gatewayMode, string hubMode, int linked)
    {
        await using var gateway = await RunningGateway.StartAsync(settings: new() { [Mode] = gatewayMode });
        await using var hub = await HubHost.StartInstanceAsync(gateway.Redis.ConnectionString, (Mode, hubMode));
        await using var messaging = TestMessaging.On(gateway.Redis.Connection);
        await Eventually.True(() => gateway.Hubs is [{ Draining: false }], "the gateway to read of the hub");
        Assert.Equal(hubMode == "Links" ? LinkFrame.Protocol : null, gateway.Hubs[0].Transport);

        foreach (var transport in (HttpTransportType[])[HttpTransportType.WebSockets, HttpTransportType.ServerSentEvents, HttpTransportType.LongPolling])
        {
            var user = $"ann-{transport}";
            await using var client = await HubClient.ConnectAsync(gateway.Address, options =>
            {
                options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(user));
                options.Transports = transport;
            });
            await messaging.Publisher.PublishAsync(StreamName.User(user), Notification.Create("TEST", "x"));
            await Eventually.True(() => client.Received.Count == 1, $"the notification to arrive over {transport}");
            Assert.Equal(transport == HttpTransportType.WebSockets ? linked : 0, gateway.LinkedSessions);
        }

        Assert.Single(gateway.Logs.All, log => IsStartLine(log, gatewayMode));
        Assert.Single(hub.Captured, log => IsStartLine(log, hubMode));
    }

    [Fact]
    public async Task Without_addresses_of_single_hubs_a_gateway_has_no_links_and_says_why()
    {
        await using var gateway = await RunningGateway.StartAsync(settings: new() { ["Gateway:Hubs"] = "Endpoint" });

        Assert.Single(gateway.Logs.All, log => IsStartLine(log, "Plain") && log.Message.Contains("Gateway:Hubs is Endpoint", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_mode_that_there_is_not_is_refused_by_name()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => HubHost.StartWithoutRedisAsync("127.0.0.1:1", (Mode, "Fast")));

        Assert.Equal("Transport:Mode is \"Fast\" and has to be Links or Plain.", exception.Message);
    }

    private static bool IsStartLine(CapturedLog log, string mode) => log.Level == LogLevel.Information && log.Message.StartsWith(
        mode == "Links" ? "Sessions between gateway and hub go over links" : "Each session has an HTTP connection of its own between gateway and hub, without links: ",
        StringComparison.Ordinal);
}
