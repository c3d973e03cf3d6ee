using System.Net;

namespace Notifications.Testing.Clusters;

/// <summary>A service of this repository on a port of its own, which it keeps when it is started again, as an address behind a load balancer would.</summary>
internal abstract class ServiceProcess(
    string project, string name, DirectoryInfo directory, Watchdog watchdog, HttpClient http, IReadOnlyDictionary<string, string> settings)
    : ServerProcess(name, directory, watchdog)
{
    public IPEndPoint EndPoint { get; protected set; } = new(IPAddress.Loopback, FreePorts.Next());

    public Uri Address => new($"http://{EndPoint}");

    /// <summary>Whether it answers that it takes requests.</summary>
    public async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(Address, "/health"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    protected override IEnumerable<string> Command() => ["dotnet", Programs.Built(project)];

    protected override IEnumerable<(string Variable, string Value)> Environment() =>
        [.. settings.Select(setting => (setting.Key, setting.Value)), ("ASPNETCORE_URLS", $"http://{EndPoint}")];

    protected override Task<bool> IsReadyAsync(CancellationToken cancellationToken) => IsHealthyAsync(cancellationToken);
}
