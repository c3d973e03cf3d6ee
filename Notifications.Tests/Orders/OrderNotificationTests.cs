using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Notifications.Messaging;
using Notifications.Messaging.Log;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Notifications.Tests.Telemetry;
using Notifications.Tests.Telemetry.Otlp;
using Xunit;

namespace Notifications.Tests.Orders;

public sealed class OrderNotificationTests(RedisServers servers, OrderDatabases databases) : IClassFixture<RedisServers>, IClassFixture<OrderDatabases>
{
    private readonly string _owner = RedisServers.Unique("owner");

    private sealed record Change(Guid OrderId, string Item, int Quantity, string Status, string? PreviousStatus, DateTimeOffset UpdatedAt);

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Each_change_is_published_to_its_owner_and_to_nobody_else(RedisKind kind)
    {
        using var database = OrderDatabase.NewFile();
        await using var host = await OrderServiceHost.StartAsync((await servers.GetAsync(kind)).ConnectionString, database.ConnectionString);
        var staffId = RedisServers.Unique("staff");
        var placed = await host.As(_owner).PlacedAsync("Tea", 3);
        using var pay = await host.As(staffId, "staff").SetStatusAsync(placed.Id, "Paid");
        var paid = (await pay.Content.ReadFromJsonAsync<OrderView>())!;

        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.Log.WaitForIdsAsync(_owner, ids => ids.Count == 2);
        var page = await messaging.Log.ReadAfterAsync(StreamName.User(_owner), 0, 10);
        var bodies = page.Entries.Select(entry => JsonDocument.Parse(LogEntry.Parse(entry).Body).RootElement).ToArray();
        Assert.Equal(["ORDER_PLACED", "ORDER_UPDATED"], bodies.Select(body => body.GetProperty("type").GetString()));
        Assert.Equal([$"{placed.Id:N}-1", $"{placed.Id:N}-2"], bodies.Select(body => body.GetProperty("id").GetString()));
        Assert.Equal(
            [
                new Change(placed.Id, "Tea", 3, "Placed", null, placed.UpdatedAt),
                new Change(placed.Id, "Tea", 3, "Paid", "Placed", paid.UpdatedAt),
            ],
            bodies.Select(body => body.GetProperty("payload").Deserialize<Change>(JsonSerializerOptions.Web)));
        Assert.False(bodies[0].GetProperty("payload").TryGetProperty("previousStatus", out _));
        Assert.True(LogEntry.Parse(page.Entries[0]).Push.IsEmpty);
        var push = Push.Parse(JsonElement.Parse(LogEntry.Parse(page.Entries[1]).Push.Span));
        Assert.Equal(("Your payment was received", "3 × Tea", $"{placed.Id}"), (push.Title, push.Body, push.Data["orderId"]));
        Assert.Equal(0, (await messaging.Log.ReadEndAsync(StreamName.User(staffId))).Last);
    }

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task One_trace_holds_the_call_its_relay_and_the_publish(OrderDatabaseKind kind)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var database = await databases.CreateAsync(kind);
        var redis = (await servers.GetAsync(RedisKind.Garnet)).ConnectionString;
        string traceId;
        await using (var host = await OrderServiceHost.StartAsync(redis, database.ConnectionString, ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Endpoint)))
        {
            traceId = await PlaceTracedAsync(host, ActivityTraceFlags.Recorded);
        }

        var spans = (await receiver.WaitForAsync(
            all => all.Count(span => span.TraceId == traceId) >= 3, "the spans of the call, the relay and the publish")).Where(span => span.TraceId == traceId).ToArray();
        var call = Assert.Single(spans, span => span.Kind == Span.Types.Kind.Server);
        var relay = Assert.Single(spans, span => span.Name == "relay notification");
        var publish = Assert.Single(spans, span => span.Kind == Span.Types.Kind.Producer);
        Assert.Equal((call.SpanId, relay.SpanId), (relay.ParentSpanId, publish.ParentSpanId));
        Assert.Equal($"user:{_owner}", publish.Attributes["messaging.destination.name"]);

        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        var page = await messaging.Log.ReadAfterAsync(StreamName.User(_owner), 0, 10);
        Assert.Equal($"00-{traceId}-{publish.SpanId}-01", LogEntry.Parse(page.Entries.Single()).TraceParent);
    }

    [Fact]
    public async Task Of_a_call_that_is_not_traced_the_relay_is_not_traced_either()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var database = OrderDatabase.NewFile();
        var redis = (await servers.GetAsync(RedisKind.Garnet)).ConnectionString;
        string traced;
        string untraced;
        await using (var host = await OrderServiceHost.StartAsync(redis, database.ConnectionString, ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Endpoint)))
        {
            untraced = await PlaceTracedAsync(host, ActivityTraceFlags.None);
            traced = await PlaceTracedAsync(host, ActivityTraceFlags.Recorded);
        }

        var spans = await receiver.WaitForAsync(
            all => all.Any(span => span.Name == "relay notification" && span.TraceId == traced), "the relay of the traced call");
        // Other tests of this process publish meanwhile, each in a trace of its own.
        Assert.DoesNotContain(spans, span => span.TraceId == untraced);
    }

    /// <returns>The trace id, when the notification has been published.</returns>
    private async Task<string> PlaceTracedAsync(OrderServiceHost host, ActivityTraceFlags flags)
    {
        using var caller = new Activity("caller").Start();
        caller.ActivityTraceFlags = flags;
        var order = await host.As(_owner).PlacedAsync();
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        await messaging.Log.WaitForIdsAsync(_owner, ids => ids.Contains($"{order.Id:N}-1"));
        return caller.TraceId.ToString();
    }
}
