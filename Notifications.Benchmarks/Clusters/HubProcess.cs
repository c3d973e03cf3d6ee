using Aspire.Hosting;
using Notifications.Messaging;

namespace Notifications.Benchmarks.Clusters;

/// <summary>A hub replica. As under an orchestrator each start is another instance, with an id and a port of its own.</summary>
internal sealed class HubProcess(
    string name, DirectoryInfo directory, Watchdog watchdog, InstanceRegistry registry, IReadOnlyDictionary<string, string> settings)
    : ServerProcess(name, directory, watchdog)
{
    private int _starts;

    public string Instance => $"{Name}-{_starts}";

    protected override IEnumerable<string> Command()
    {
        _starts++;
        return ["dotnet", Programs.Built("Notifications.Hub")];
    }

    protected override IEnumerable<(string Variable, string Value)> Environment() =>
    [
        .. settings.Select(setting => (setting.Key, setting.Value)),
        ("ASPNETCORE_URLS", "http://127.0.0.1:0"),
        ("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={Instance}"),
    ];

    protected override async Task<bool> IsReadyAsync(CancellationToken cancellationToken) =>
        (await registry.ListAsync(cancellationToken)).Any(instance => instance.Id == Instance);
}
