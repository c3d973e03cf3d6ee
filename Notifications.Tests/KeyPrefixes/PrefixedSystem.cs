using Microsoft.AspNetCore.Builder;
using Notifications.Tests.Gateway;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;

namespace Notifications.Tests.KeyPrefixes;

/// <summary>One environment: a hub that also has a hub class of an adopter's own, a gateway before it, and a publisher. All have the same key prefix.</summary>
internal sealed class PrefixedSystem : IAsyncDisposable
{
    public const string Setting = "Notifications:KeyPrefix";

    private PrefixedSystem(HubHost hub, RunningGateway gateway, TestMessaging messaging) => (Hub, Gateway, Messaging) = (hub, gateway, messaging);

    public HubHost Hub { get; }

    public RunningGateway Gateway { get; }

    public TestMessaging Messaging { get; }

    public static async Task<PrefixedSystem> StartAsync(RedisServer redis, string prefix)
    {
        var hub = await HubHost.StartInstanceAsync(
            redis.ConnectionString, _ => { }, app => app.MapHub<OwnHub>(OwnHub.Path), (Setting, prefix), ("Instance:RefreshInterval", "00:00:00.100"));
        var gateway = await RunningGateway.StartAsync(shared: redis, settings: new() { [Setting] = prefix });
        await Eventually.True(() => gateway.Hubs.Any(instance => instance.Id == hub.Id), "the gateway to know the hub");
        await gateway.SettleAsync();
        return new PrefixedSystem(hub, gateway, TestMessaging.On(redis.Connection, options => options.KeyPrefix = prefix));
    }

    /// <summary>A user's client, through the gateway.</summary>
    public Task<HubClient> ConnectAsync(string user, string? device = null) => HubClient.ConnectAsync(
        Gateway.Address, options => options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(user)), device);

    /// <summary>An operator who calls through the gateway.</summary>
    public HttpClient Operator() => Gateway.Browser(TestTokens.Create("olga", [TokenNames.OperatorRole]));

    public async ValueTask DisposeAsync()
    {
        await Messaging.DisposeAsync();
        await Gateway.DisposeAsync();
        await Hub.DisposeAsync();
    }
}
