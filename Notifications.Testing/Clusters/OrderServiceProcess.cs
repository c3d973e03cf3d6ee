using System.Net;

namespace Notifications.Testing.Clusters;

/// <summary>
/// A replica of the order service. Replicas share the database that <c>ConnectionStrings__orders</c> names among the
/// <paramref name="settings"/>; without it that is a SQLite file in the cluster's directory. Each keeps its port when it is
/// started again.
/// </summary>
internal sealed class OrderServiceProcess(
    string name, DirectoryInfo directory, Watchdog watchdog, HttpClient http, IReadOnlyDictionary<string, string> settings)
    : ServerProcess(name, directory, watchdog)
{
    public IPEndPoint EndPoint { get; } = new(IPAddress.Loopback, FreePorts.Next());

    public Uri Address => new($"http://{EndPoint}");

    protected override IEnumerable<string> Command() => ["dotnet", Programs.Built("Notifications.OrderService")];

    protected override IEnumerable<(string Variable, string Value)> Environment() =>
        [.. settings.Select(setting => (setting.Key, setting.Value)), ("ASPNETCORE_URLS", $"http://{EndPoint}")];

    /// <summary>Whether or not Redis is there: it takes orders without.</summary>
    protected override async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
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
}
