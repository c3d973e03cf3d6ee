using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Notifications.Benchmarks.Clusters;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Notifications.Tests.Telemetry;
using Notifications.Tests.Telemetry.Otlp;
using Xunit;

namespace Notifications.Tests.Orders;

public sealed class OrderNotificationTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private readonly string _owner = RedisServers.Unique("owner");

    private sealed record Change(Guid OrderId, string Item, int Quantity, string Status, string? PreviousStatus, DateTimeOffset UpdatedAt);

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Each_change_is_published_to_its_owner_and_to_nobody_else(RedisKind kind)
    {
        using var database = new OrderDatabaseFile();
        await using var host = await OrderServiceHost.StartAsync((await servers.GetAsync(kind)).ConnectionString, database.ConnectionString);
        var staffId = RedisServers.Unique("staff");
        var placed = await host.As(_owner).PlacedAsync("Tea", 3);
        using var pay = await host.As(staffId, "staff").SetStatusAsync(placed.Id, "Paid");
        var paid = (await pay.Content.ReadFromJsonAsync<OrderView>())!;

        await using var messaging = await TestMessaging.OnAsync(servers, kind);
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
        Assert.Equal(0, (await messaging.Log.ReadEndAsync(StreamName.User(staffId))).Last);
    }

    [Fact]
    public async Task An_order_is_placed_while_Redis_is_away_and_the_loss_is_logged()
    {
        using var database = new OrderDatabaseFile();
        var away = $"127.0.0.1:{FreePorts.Next()},connectTimeout=200,syncTimeout=200,asyncTimeout=200";
        await using var host = await OrderServiceHost.StartAsync(away, database.ConnectionString);
        var order = await host.As(_owner).PlacedAsync();

        Assert.Equal(order, await host.As(_owner).GetFromJsonAsync<OrderView>($"/api/orders/{order.Id}"));
        var log = Assert.Single(host.Logs.All, log => log.Level == LogLevel.Error && log.Category.EndsWith("OrderNotifier", StringComparison.Ordinal));
        Assert.Contains($"{order.Id:N}-1 (ORDER_PLACED)", log.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_trace_holds_the_call_and_the_publish()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var database = new OrderDatabaseFile();
        var redis = (await servers.GetAsync(RedisKind.Garnet)).ConnectionString;
        string traceId;
        await using (var host = await OrderServiceHost.StartAsync(redis, database.ConnectionString, receiver.Endpoint))
        {
            using var caller = new Activity("caller").Start();
            traceId = caller.TraceId.ToString();
            caller.ActivityTraceFlags = ActivityTraceFlags.Recorded;
            await host.As(_owner).PlacedAsync();
        }

        var spans = (await receiver.WaitForAsync(
            all => all.Count(span => span.TraceId == traceId) >= 2, "the spans of the call and the publish")).Where(span => span.TraceId == traceId).ToArray();
        var server = Assert.Single(spans, span => span.Kind == Span.Types.Kind.Server);
        var publish = Assert.Single(spans, span => span.Kind == Span.Types.Kind.Producer);
        Assert.Equal(server.SpanId, publish.ParentSpanId);
        Assert.Equal($"user:{_owner}", publish.Attributes["messaging.destination.name"]);
    }
}
