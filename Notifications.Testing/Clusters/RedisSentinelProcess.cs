using System.Globalization;
using System.Net;

namespace Notifications.Testing.Clusters;

/// <summary>A Redis Sentinel, alone in its decisions: it promotes a replica of <paramref name="primary"/> when that is gone for a second.</summary>
internal sealed class RedisSentinelProcess(DirectoryInfo directory, Watchdog watchdog, RedisProcess primary)
    : ServerProcess("sentinel", directory, watchdog)
{
    public const string ServiceName = "notifications";

    private readonly IPEndPoint _endPoint = new(IPAddress.Loopback, FreePorts.Next());

    public string ConnectionString => $"{_endPoint},serviceName={ServiceName}";

    protected override IEnumerable<string> Command()
    {
        // A file of its own, which it keeps its state in.
        var configuration = Path.Combine(Directory.FullName, "sentinel.conf");
        File.WriteAllText(configuration, string.Create(CultureInfo.InvariantCulture, $"""
            port {_endPoint.Port}
            bind {_endPoint.Address}
            dir {Directory.FullName}
            sentinel monitor {ServiceName} {primary.EndPoint.Address} {primary.EndPoint.Port} 1
            sentinel down-after-milliseconds {ServiceName} 1000
            sentinel failover-timeout {ServiceName} 5000
            """));
        return [Programs.Installed("redis-server", RedisProcess.Remedy), configuration, "--sentinel"];
    }

    /// <summary>It answers, and knows of a replica to promote.</summary>
    protected override async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            var replicas = await Programs.OutputAsync(
                Programs.Installed("redis-cli", RedisProcess.Remedy), ["-p", $"{_endPoint.Port}", "SENTINEL", "REPLICAS", ServiceName]);
            return replicas.Contains("runid", StringComparison.Ordinal);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
