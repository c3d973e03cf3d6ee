using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Escalations;

namespace Notifications.Hubs;

/// <summary>Spans and metrics of escalations, and of connections that this instance ends.</summary>
internal sealed class HubTelemetry
{
    private readonly Counter<long> _ended;
    private readonly Counter<long> _escalated;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _pushed;
    private readonly Histogram<double> _queueAge;

    public HubTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(DeliveryTelemetry.Name);
        _ended = meter.CreateCounter<long>("notifications.connections.ended", "{connection}", "Connections that this instance closed, by reason (expired, operator, drain).");
        _escalated = meter.CreateCounter<long>("notifications.escalated", "{notification}", "Notifications that no device acknowledged in time, and that were sent to a phone's provider.");
        _dropped = meter.CreateCounter<long>("notifications.escalations.dropped", "{escalation}", "Due escalations that sent nothing, by reason.");
        _pushed = meter.CreateCounter<long>("notifications.pushes", "{send}", "Sends to one phone, by provider and outcome.");
        _queueAge = meter.CreateHistogram<double>(
            "notifications.escalations.queue_age", "s", "Time from when an escalation is due to when an instance takes it.",
            advice: new() { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600] });
    }

    /// <summary>Starts the span of sending a notification to its user's phones, in the trace of its publisher.</summary>
    public Activity? StartEscalate(Escalation escalation, string? traceParent) =>
        DeliveryTelemetry.StartProcess("escalate notification", escalation.Stream, escalation.Offset, traceParent)?.SetTag("notification.attempt", escalation.Attempt);

    public Activity? StartSend(PushPlatform provider) =>
        DeliveryTelemetry.Source.StartActivity("push notification", ActivityKind.Client)?.SetTag("notification.provider", Word(provider));

    public void Sent(Activity? activity, PushPlatform provider, SendOutcome outcome)
    {
        activity?.SetTag("notification.outcome", Word(outcome.Result)).SetTag("notification.outcome.reason", outcome.Reason);
        if (outcome.Result != SendResult.Delivered)
        {
            activity?.SetStatus(ActivityStatusCode.Error, outcome.Reason);
        }

        _pushed.Add(1, new("provider", Word(provider)), new("outcome", Word(outcome.Result)));
    }

    public void Claimed(TimeSpan late) => _queueAge.Record(late.TotalSeconds);

    /// <param name="reason">One of <see cref="Tokens.EndReason"/>.</param>
    public void Ended(string reason) => _ended.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Escalated() => _escalated.Add(1);

    /// <param name="reason">A <see cref="DropReason"/> or an <see cref="EscalationState"/>.</param>
    public void Dropped<TReason>(TReason reason) where TReason : struct, Enum => _dropped.Add(1, new KeyValuePair<string, object?>("reason", Word(reason)));

    /// <summary>A value as a word in the style of JSON and OpenTelemetry: <c>token_dead</c>.</summary>
    private static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
