using Notifications.Tests.Telemetry;
using Xunit;

namespace Notifications.Tests.WholeSystem;

[Collection(OneSystem.Name)]
public sealed class TraceTests(RunningSystem system)
{
    private static readonly TimeSpan ExportLimit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task One_trace_leads_from_the_status_change_at_the_gateway_to_the_hub_that_delivers_it()
    {
        using var owner = await system.SignInAsync("traced-owner");
        using var staff = await system.SignInAsync("traced-clerk", "staff");
        await using var client = await owner.ConnectAsync();
        var order = await owner.PlaceOrderAsync();

        await staff.SetStatusAsync(order, "Paid");
        await Eventually.True(() => client.Received.Count == 2, "the status change to be announced");

        ReceivedSpan? Find(IReadOnlyList<ReceivedSpan> spans, string traceId, string service, string name) =>
            spans.FirstOrDefault(span => span.TraceId == traceId && span.Service == service && span.Name.StartsWith(name, StringComparison.Ordinal));

        var delivery = client.Received[1];
        bool IsDelivery(ReceivedSpan span) =>
            span.Name == "deliver notification"
            && span.Attributes["messaging.destination.name"] == delivery.Stream
            && span.Attributes["notification.offset"] == $"{delivery.Offset}";

        var spans = await system.Telemetry.WaitForAsync(
            received => received.FirstOrDefault(IsDelivery) is { } deliver
                && Find(received, deliver.TraceId, "gateway", "PUT") is not null
                && Find(received, deliver.TraceId, "orders", "PUT") is not null
                && Find(received, deliver.TraceId, "orders", "publish notification") is not null,
            "gateway, order service, publish and delivery under one trace id",
            ExportLimit);

        var trace = spans.Single(IsDelivery).TraceId;
        var publish = Find(spans, trace, "orders", "publish notification")!;
        Assert.Equal("hub", spans.Single(IsDelivery).Service);
        Assert.Equal(publish.SpanId, spans.Single(IsDelivery).ParentSpanId);
    }
}
