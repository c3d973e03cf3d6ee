using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;

namespace Notifications.Tests.Hub;

/// <summary>A hub on a Redis of a test's choice, and a publisher beside it.</summary>
internal sealed record HubOnRedis(HubHost Hub, TestMessaging Messaging) : IAsyncDisposable
{
    public static async Task<HubOnRedis> StartAsync(RedisServers servers, RedisKind kind, params (string Key, string Value)[] settings)
    {
        var server = await servers.GetAsync(kind);
        return new HubOnRedis(await HubHost.StartAsync(server.ConnectionString, settings), TestMessaging.On(server.Connection));
    }

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        await Messaging.DisposeAsync();
    }
}
