using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Notifications.Tests.Telemetry.Otlp;

namespace Notifications.Tests.Telemetry;

/// <summary>A span as an exporter sent it. Ids are lower-case hex; the parent's is empty for a root.</summary>
public sealed record ReceivedSpan(
    string TraceId,
    string SpanId,
    string ParentSpanId,
    string Name,
    Span.Types.Kind Kind,
    string Service,
    IReadOnlyDictionary<string, string> Attributes,
    IReadOnlyList<SpanLink> Links)
{
    internal static ReceivedSpan Of(Span span, Resource resource) => new(
        Hex(span.TraceId),
        Hex(span.SpanId),
        Hex(span.ParentSpanId),
        span.Name,
        span.Kind,
        Texts(resource.Attributes).GetValueOrDefault("service.name", ""),
        Texts(span.Attributes),
        [.. span.Links.Select(link => new SpanLink(Hex(link.TraceId), Hex(link.SpanId)))]);

    private static string Hex(ByteString id) => Convert.ToHexStringLower(id.Span);

    private static Dictionary<string, string> Texts(RepeatedField<KeyValue> attributes) =>
        attributes.ToDictionary(attribute => attribute.Key, attribute => Text(attribute.Value));

    private static string Text(AnyValue value) => value.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => value.StringValue,
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        AnyValue.ValueOneofCase.IntValue => value.IntValue.ToString(CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.DoubleValue => value.DoubleValue.ToString(CultureInfo.InvariantCulture),
        _ => "",
    };
}

public sealed record SpanLink(string TraceId, string SpanId);
