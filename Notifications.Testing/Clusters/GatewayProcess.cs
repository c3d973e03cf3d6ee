namespace Notifications.Testing.Clusters;

internal sealed class GatewayProcess(
    string name, DirectoryInfo directory, Watchdog watchdog, HttpClient http, IReadOnlyDictionary<string, string> settings)
    : ServiceProcess("Notifications.Gateway", name, directory, watchdog, http, settings)
{
    private readonly int _metricsPort = FreePorts.Next();

    /// <summary>Where its metrics can be scraped.</summary>
    public Uri Metrics => new($"http://localhost:{_metricsPort}/metrics");

    /// <summary>Whether it answers within the limit that it takes connections.</summary>
    public async Task<bool> IsHealthyAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var within = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        within.CancelAfter(limit);
        try
        {
            return await IsHealthyAsync(within.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    protected override IEnumerable<(string Variable, string Value)> Environment() =>
        [.. base.Environment(), ("OTEL_EXPORTER_PROMETHEUS_PORT", $"{_metricsPort}")];
}
