using Notifications.Messaging;
using Notifications.Tests.Redis;
using StackExchange.Redis;

namespace Notifications.Tests.Hub;

internal static class UnheardNotifications
{
    /// <summary>Puts one into the log as a publish leaves it, but does not publish it.</summary>
    public static async Task AppendAsync(IDatabase database, StreamName stream)
    {
        await database.HashIncrementAsync(Names.Default.Meta(stream), "offset");
        await database.HashSetAsync(Names.Default.Meta(stream), "token", "00000000beef");
        await database.ListRightPushAsync(Names.Default.Log(stream), """
            1700000000000 00000000beef
            {"id":"unheard","type":"UNHEARD","payload":null,"timestamp":1700000000000}
            """.TrimEnd());
    }
}
