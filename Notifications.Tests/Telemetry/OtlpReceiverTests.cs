using System.Diagnostics;
using Notifications.Tests.Telemetry.Otlp;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Xunit;

namespace Notifications.Tests.Telemetry;

public sealed class OtlpReceiverTests
{
    [Fact]
    public async Task A_span_arrives_as_its_exporter_sent_it()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource(nameof(OtlpReceiverTests));
        using var provider = Sdk.CreateTracerProviderBuilder()
            .AddSource(source.Name)
            .ConfigureResource(resource => resource.AddService("tester"))
            .AddOtlpExporter(otlp =>
            {
                otlp.Endpoint = new Uri(receiver.Endpoint);
                otlp.Protocol = OtlpExportProtocol.Grpc;
            })
            .Build();

        using var parent = source.StartActivity("parent");
        var sent = source.StartActivity("sent", ActivityKind.Producer)!;
        sent.SetTag("text", "a").SetTag("number", 7).SetTag("truth", true);
        sent.Stop();
        provider.ForceFlush();

        var span = Assert.Single(await receiver.WaitForAsync(spans => spans.Count > 0, "the span"));
        Assert.Equal(
            (sent.TraceId.ToString(), sent.SpanId.ToString(), parent!.SpanId.ToString(), "sent", Span.Types.Kind.Producer, "tester"),
            (span.TraceId, span.SpanId, span.ParentSpanId, span.Name, span.Kind, span.Service));
        Assert.Equal(new Dictionary<string, string> { ["text"] = "a", ["number"] = "7", ["truth"] = "true" }, span.Attributes);
    }
}
