using Notifications.Messaging;
using Notifications.Tests.Redis;
using StackExchange.Redis;

namespace Notifications.Tests.Hub;

internal static class UnheardNotifications
{
    private const string Token = "00000000beef";

    private const string Entry = $$"""
        1700000000000 {{Token}}
        {"id":"unheard","type":"UNHEARD","payload":null,"timestamp":1700000000000}
        """;

    /// <summary>Puts one into the log as a publish leaves it, but does not publish it.</summary>
    /// <returns>Publishes it.</returns>
    public static async Task<Func<Task>> AppendAsync(IDatabase database, StreamName stream)
    {
        var before = await database.HashGetAsync(Names.Default.Meta(stream), ["epoch", "token"]);
        var offset = await database.HashIncrementAsync(Names.Default.Meta(stream), "offset");
        await database.HashSetAsync(Names.Default.Meta(stream), "token", Token);
        await database.ListRightPushAsync(Names.Default.Log(stream), Entry);
        return () => database.PublishAsync(RedisChannel.Literal(Names.Default.Live(stream)), $"{offset} {before[0]} {before[1]} {Entry}");
    }
}
