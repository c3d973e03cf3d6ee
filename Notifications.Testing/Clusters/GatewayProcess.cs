using System.Net;

namespace Notifications.Testing.Clusters;

/// <summary>A gateway. Keeps its port when it is started again, as an address behind a load balancer would.</summary>
internal sealed class GatewayProcess(
    string name, DirectoryInfo directory, Watchdog watchdog, HttpClient http, IReadOnlyDictionary<string, string> settings)
    : ServerProcess(name, directory, watchdog)
{
    private readonly int _metricsPort = FreePorts.Next();

    public IPEndPoint EndPoint { get; } = new(IPAddress.Loopback, FreePorts.Next());

    /// <summary>Where its metrics can be scraped.</summary>
    public Uri Metrics => new($"http://localhost:{_metricsPort}/metrics");

    protected override IEnumerable<string> Command() => ["dotnet", Programs.Built("Notifications.Gateway")];

    protected override IEnumerable<(string Variable, string Value)> Environment() =>
        [.. settings.Select(setting => (setting.Key, setting.Value)), ("ASPNETCORE_URLS", $"http://{EndPoint}"), ("OTEL_EXPORTER_PROMETHEUS_PORT", $"{_metricsPort}")];

    /// <summary>Whether it answers within the limit that it takes connections.</summary>
    public async Task<bool> IsReadyAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var within = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        within.CancelAfter(limit);
        try
        {
            return await IsReadyAsync(within.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    protected override async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://{EndPoint}/health"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
