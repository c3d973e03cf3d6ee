using System.Globalization;
using Notifications.Messaging;
using Notifications.Messaging.Registry;
using Notifications.Tests.Browser;
using Notifications.Tests.Gateway;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Tokens;

public sealed class BrowserClientExpiryTests
{
    private const int Count = 160;
    private const string Life = "2";

    [FactWithNode]
    public async Task Through_several_expiries_and_an_issuer_that_is_away_at_times_the_browser_client_loses_and_repeats_nothing()
    {
        await using var gateway = await RunningGateway.StartAsync();
        await using var hub = await HubHost.StartAsync(gateway.Redis.ConnectionString, ("Tokens:ExpirySpread", "00:00:00.500"));
        await gateway.UseAsync(new HubInstance("a", hub.Address.ToString(), Draining: false));
        await using var messaging = TestMessaging.On(gateway.Redis.Connection);
        var user = RedisServers.Unique("user");
        var address = new Uri(gateway.Address, RunningGateway.HubPath).ToString();
        await using var client = NodeProcess.Start("tests/expiring-client.js", address, user, TestTokens.Key, Life);
        await Eventually.True(() => client.Output.Contains("connected"), "the client to connect");

        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var number = 1; number <= Count && await pace.WaitForNextTickAsync(); number++)
        {
            await messaging.Publisher.PublishAsync(StreamName.User(user), TestMessaging.Numbered(number));
        }

        await Eventually.True(() => client.Output.Count(line => line.StartsWith("offset", StringComparison.Ordinal)) >= Count, "all notifications");
        Assert.Equal(
            Enumerable.Range(1, Count).Select(offset => string.Create(CultureInfo.InvariantCulture, $"offset {offset}")),
            client.Output.Where(line => line.StartsWith("offset", StringComparison.Ordinal)));
        Assert.DoesNotContain("gap", client.Output);
        Assert.True(client.Output.Count(line => line == "reconnecting") >= 3, string.Join(' ', client.Output));
    }
}
