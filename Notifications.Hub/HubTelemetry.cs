using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Notifications.Hubs.Escalations;

namespace Notifications.Hubs;

/// <summary>Spans and metrics of the hub.</summary>
internal sealed class HubTelemetry
{
    private const string Name = "Notifications.Hub";
    private static readonly ActivitySource Source = new(Name);

    private readonly Meter _meter;
    private readonly Counter<long> _delivered;
    private readonly Histogram<double> _latency;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _escalated;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _pushed;
    private readonly Histogram<double> _queueAge;
    private readonly Counter<long> _refused;

    public HubTelemetry(IMeterFactory meters)
    {
        _meter = meters.Create(Name);
        _delivered = _meter.CreateCounter<long>("notifications.delivered", "{notification}", "Notifications written to a client's connection.");
        _latency = _meter.CreateHistogram<double>(
            "notifications.latency", "s", "Time from the publish to the write to the client's connection, also of notifications that are read from the log.",
            advice: new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300] });
        _ended = _meter.CreateCounter<long>("notifications.connections.ended", "{connection}", "Connections that this instance closed, by reason (expired, operator, drain).");
        _escalated = _meter.CreateCounter<long>("notifications.escalated", "{notification}", "Notifications that no device acknowledged in time, and that were sent to a phone's provider.");
        _dropped = _meter.CreateCounter<long>("notifications.escalations.dropped", "{escalation}", "Due escalations that sent nothing, by reason.");
        _pushed = _meter.CreateCounter<long>("notifications.pushes", "{send}", "Sends to one phone, by provider and outcome.");
        _refused = _meter.CreateCounter<long>("notifications.refused", "{request}", "Calls, messages and requests that a limit refused, by limit.");
        _queueAge = _meter.CreateHistogram<double>(
            "notifications.escalations.queue_age", "s", "Time from when an escalation is due to when an instance takes it.",
            advice: new() { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600] });
    }

    public void ObserveConnections(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("notifications.connections", count, "{connection}", "Open connections of this instance to NotificationHub.");

    public void ObserveStreams(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("notifications.streams", count, "{stream}", "Streams with a subscription on this instance.");

    public void ObserveLag(Func<TimeSpan?> p99) =>
        _meter.CreateObservableGauge(
            "notifications.lag",
            () => p99() is { } lag ? [new Measurement<double>(lag.TotalSeconds)] : Array.Empty<Measurement<double>>(),
            "s",
            "p99 of the time from publish to write, of the last seconds. Counts notifications published after their connection subscribed.");

    public void ObserveLiveLink(Func<bool> hears) =>
        _meter.CreateObservableGauge("notifications.live_link", () => hears() ? 1 : 0, description: "1 while this instance hears new notifications over Redis, else 0.");

    /// <summary>Starts the span of handing a live notification to this instance's connections, in the trace of its publisher.</summary>
    public Activity? StartDeliver(StreamName stream, long offset, string? traceParent, int connections) =>
        StartProcess("deliver notification", stream, offset, traceParent)?.SetTag("notification.connections", connections);

    public void Delivered(TimeSpan latency)
    {
        _delivered.Add(1);
        _latency.Record(latency.TotalSeconds);
    }

    /// <summary>Starts the span of sending a notification to its user's phones, in the trace of its publisher.</summary>
    public Activity? StartEscalate(Escalation escalation, string? traceParent) =>
        StartProcess("escalate notification", escalation.Stream, escalation.Offset, traceParent)?.SetTag("notification.attempt", escalation.Attempt);

    public Activity? StartSend(PushPlatform provider) =>
        Source.StartActivity("push notification", ActivityKind.Client)?.SetTag("notification.provider", Word(provider));

    public void Sent(Activity? activity, PushPlatform provider, SendOutcome outcome)
    {
        activity?.SetTag("notification.outcome", Word(outcome.Result)).SetTag("notification.outcome.reason", outcome.Reason);
        if (outcome.Result != SendResult.Delivered)
        {
            activity?.SetStatus(ActivityStatusCode.Error, outcome.Reason);
        }

        _pushed.Add(1, new("provider", Word(provider)), new("outcome", Word(outcome.Result)));
    }

    public void Refused(string limit) => _refused.Add(1, new KeyValuePair<string, object?>("limit", limit));

    public void Claimed(TimeSpan late) => _queueAge.Record(late.TotalSeconds);

    /// <param name="reason">One of <see cref="Tokens.EndReason"/>.</param>
    public void Ended(string reason) => _ended.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Escalated() => _escalated.Add(1);

    /// <param name="reason">A <see cref="DropReason"/> or an <see cref="EscalationState"/>.</param>
    public void Dropped<TReason>(TReason reason) where TReason : struct, Enum => _dropped.Add(1, new KeyValuePair<string, object?>("reason", Word(reason)));

    private static Activity? StartProcess(string name, StreamName stream, long offset, string? traceParent) =>
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var publisher)
            ? Source.StartActivity(name, ActivityKind.Consumer, publisher)?
                .SetTag("messaging.system", "redis").SetTag("messaging.operation.type", "process")
                .SetTag("messaging.destination.name", stream.Value)
                .SetTag("notification.offset", offset)
            : null;

    /// <summary>A value as a word in the style of JSON and OpenTelemetry: <c>token_dead</c>.</summary>
    private static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
