using System.Diagnostics.Metrics;

namespace Notifications.Gateway;

/// <summary>The gateway's own metrics, beside those of ASP.NET Core.</summary>
internal sealed class GatewayTelemetry
{
    private readonly Meter _meter;
    private readonly Counter<long> _handshakes;
    private readonly Counter<long> _refused;

    public GatewayTelemetry(IMeterFactory meters)
    {
        _meter = meters.Create("Notifications.Gateway");
        _handshakes = _meter.CreateCounter<long>(
            "notifications.handshakes", "{handshake}", "Requests to begin a session, by outcome (admitted or refused).");
        _refused = _meter.CreateCounter<long>("notifications.refused", "{request}", "Requests and connections that a limit refused, by limit.");
    }

    public void ObserveSessions(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("notifications.sessions", count, "{session}", "Sessions that are open through this gateway.");

    public void ObserveWaiting(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("notifications.handshakes.waiting", count, "{handshake}", "Sessions that wait to begin.");

    /// <param name="count">Returns the number of instances that are draining (true) or that are not (false).</param>
    public void ObserveHubs(Func<bool, int> count) => _meter.CreateObservableGauge(
        "notifications.hubs",
        () => (Measurement<int>[])[new(count(false), new KeyValuePair<string, object?>("draining", false)), new(count(true), new KeyValuePair<string, object?>("draining", true))],
        "{instance}",
        "Hub instances in the list that this gateway last read, by whether they are draining.");

    public void Refused(string limit) => _refused.Add(1, new KeyValuePair<string, object?>("limit", limit));

    public void Handshake(bool isAdmitted) =>
        _handshakes.Add(1, new KeyValuePair<string, object?>("outcome", isAdmitted ? "admitted" : "refused"));
}
