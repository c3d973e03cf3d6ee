using Microsoft.Extensions.Logging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Orders;

public sealed class OutboxTests(RedisServers servers, OrderDatabases databases) : IClassFixture<RedisServers>, IClassFixture<OrderDatabases>
{
    /// <summary>Longer than a test waits for anything: what is relayed is relayed because the change woke the relay.</summary>
    private static readonly (string, string) NoPoll = ("Outbox:PollInterval", "00:10:00");
    private static readonly (string, string) QuickPoll = ("Outbox:PollInterval", "00:00:00.050");

    private readonly string _owner = RedisServers.Unique("owner");

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task A_change_wakes_the_relay_which_leaves_nothing_behind(OrderDatabaseKind kind)
    {
        using var database = await databases.CreateAsync(kind);
        await using var host = await StartAsync(database, NoPoll);
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        using var owner = host.As(_owner);
        var expected = new List<string>();
        for (var number = 1; number <= 3; number++)
        {
            var order = await owner.PlacedAsync();
            expected.Add($"{order.Id:N}-1");
            Assert.Equal(expected, await messaging.Log.WaitForIdsAsync(_owner, ids => ids.Count >= number));
        }

        await Eventually.True(async () => (await database.WaitingAsync()).Count == 0, "the outbox to be empty");
        await Eventually.True(async () => (await ClaimsAsync(database)).Count == 0, "the claims to be given up");
    }

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task What_another_process_wrote_is_found_and_published_in_its_order(OrderDatabaseKind kind)
    {
        using var database = await databases.CreateAsync(kind);
        await using var host = await StartAsync(database, QuickPoll);
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        string[] ids = [.. Enumerable.Range(1, 50).Select(number => $"left-{number}")];
        foreach (var id in ids)
        {
            await WriteRowAsync(database, _owner, id);
        }

        Assert.Equal(ids, await messaging.Log.WaitForIdsAsync(_owner, found => found.Count >= ids.Length));
    }

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task A_stream_that_another_replica_has_is_left_to_it_until_its_claim_expires(OrderDatabaseKind kind)
    {
        using var database = await databases.CreateAsync(kind);
        await using var host = await StartAsync(database, QuickPoll);
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        var inTenMinutes = DateTimeOffset.UtcNow.AddMinutes(10).ToUnixTimeMilliseconds();
        await database.ExecuteAsync($"""INSERT INTO "OutboxClaims" ("Stream", "Owner", "Until", "Failures") VALUES ('user:{_owner}', 'another', {inTenMinutes}, 0)""");
        var order = await host.As(_owner).PlacedAsync();

        // The relay has been round a few times when others' orders are out.
        var other = RedisServers.Unique("other");
        for (var number = 1; number <= 5; number++)
        {
            await host.As(other).PlacedAsync();
            await messaging.Log.WaitForIdsAsync(other, ids => ids.Count >= number);
        }

        await Eventually.True(async () => (await database.WaitingAsync()).SequenceEqual([$"{order.Id:N}-1"]), "the others' to be removed");
        Assert.Empty(await messaging.Log.ReadIdsAsync(_owner));

        await database.ExecuteAsync("""UPDATE "OutboxClaims" SET "Until" = 1""");
        Assert.Equal([$"{order.Id:N}-1"], await messaging.Log.WaitForIdsAsync(_owner, ids => ids.Count > 0));
        await Eventually.True(async () => (await ClaimsAsync(database)).Count == 0, "the claim to be taken over and given up");
    }

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task A_notification_that_is_too_large_is_kept_aside_and_those_after_it_go_on(OrderDatabaseKind kind)
    {
        using var database = await databases.CreateAsync(kind);
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        List<OrderView> orders = [];
        await using (var host = await StartAsync(database, ("Notifications:MaxPayloadBytes", "300")))
        {
            using var owner = host.As(_owner);
            foreach (var item in (string[])["Tea", new string('x', 200), "Coffee"])
            {
                orders.Add(await owner.PlacedAsync(item));
            }

            Assert.Equal([Id(orders[0]), Id(orders[2])], await messaging.Log.WaitForIdsAsync(_owner, ids => ids.Count >= 2));
            await Eventually.True(async () => (await database.WaitingAsync()).Count == 0, "the outbox to be empty");
            var error = Assert.Single(host.Logs.All, log => log.Level == LogLevel.Error);
            Assert.Contains(Id(orders[1]), error.Message, StringComparison.Ordinal);
            Assert.Contains("the limit is 300", error.Exception!.Message, StringComparison.Ordinal);
        }

        Assert.Equal([Id(orders[1])], await database.QueryAsync("""SELECT "Id" FROM "OutboxRefused" """));
        Assert.Contains("the limit is 300", Assert.Single(await database.QueryAsync("""SELECT "Reason" FROM "OutboxRefused" """)), StringComparison.Ordinal);

        // What docs/orders.md says to do once the reason is gone.
        await database.ExecuteAsync(
            """
            INSERT INTO "Outbox" ("Id", "Stream", "Notification", "TraceParent", "TraceState", "CreatedAt")
            SELECT "Id", "Stream", "Notification", "TraceParent", "TraceState", "CreatedAt" FROM "OutboxRefused";
            DELETE FROM "OutboxRefused";
            """);
        await using var later = await StartAsync(database);
        Assert.Equal([Id(orders[0]), Id(orders[2]), Id(orders[1])], await messaging.Log.WaitForIdsAsync(_owner, ids => ids.Count >= 3));
    }

    [Theory]
    [InlineData("'no JSON'")]
    [InlineData("'null'")]
    [InlineData("""'{"id": "broken", "type": "", "payload": 1}'""")]
    [InlineData("""'{"id": "broken", "type": null, "payload": 1}'""")]
    [InlineData("""'{"id": "broken", "type": "BROKEN"}'""")]
    public async Task A_row_that_holds_no_notification_does_not_stop_the_relay(string notification)
    {
        using var database = OrderDatabase.NewFile();
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        await using var host = await StartAsync(database, QuickPoll);
        await WriteRowAsync(database, _owner, "broken", notification);
        await WriteRowAsync(database, _owner, "whole");

        Assert.Equal(["whole"], await messaging.Log.WaitForIdsAsync(_owner, ids => ids.Count > 0));
        await Eventually.True(async () => (await database.QueryAsync("""SELECT "Id" FROM "OutboxRefused" """)) is ["broken"], "the broken row to be kept aside");
    }

    private async Task<OrderServiceHost> StartAsync(OrderDatabase database, params (string, string)[] settings) =>
        await OrderServiceHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString, database.ConnectionString, settings);

    private static Task<IReadOnlyList<string>> ClaimsAsync(OrderDatabase database) => database.QueryAsync("""SELECT "Stream" FROM "OutboxClaims" """);

    /// <param name="database">Where to.</param>
    /// <param name="user">Whom it is for.</param>
    /// <param name="id">The notification's id.</param>
    /// <param name="notification">SQL for what stands in the row; a proper notification unless set.</param>
    private static Task WriteRowAsync(OrderDatabase database, string user, string id, string? notification = null)
    {
        notification ??= $$"""'{"id": "{{id}}", "type": "LEFT", "payload": null}'""";
        return database.ExecuteAsync(
            $"""
            INSERT INTO "Outbox" ("Id", "Stream", "Notification", "CreatedAt")
            VALUES ('{id}', 'user:{user}', {notification}, '2025-08-17 10:00:00Z')
            """);
    }

    private static string Id(OrderView order) => $"{order.Id:N}-1";
}
