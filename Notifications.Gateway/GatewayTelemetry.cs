using System.Diagnostics.Metrics;

namespace Notifications.Gateway;

/// <summary>The gateway's own metrics, beside those of ASP.NET Core.</summary>
internal sealed class GatewayTelemetry(IMeterFactory meters)
{
    private readonly Meter _meter = meters.Create("Notifications.Gateway");

    public void ObserveSessions(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("notifications.sessions", count, "{session}", "Sessions that are open through this gateway.");
}
