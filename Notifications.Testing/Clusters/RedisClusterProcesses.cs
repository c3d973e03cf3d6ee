using System.Globalization;
using StackExchange.Redis;

namespace Notifications.Testing.Clusters;

/// <summary>A Redis Cluster as processes of this machine: three primaries, and a replica of each that takes over when it dies.</summary>
internal sealed class RedisClusterProcesses : IAsyncDisposable
{
    private const int Primaries = 3;
    private static readonly TimeSpan FormLimit = TimeSpan.FromSeconds(30);

    /// <summary>How long the other nodes wait for one before they take it for dead. A replica takes over one or two seconds later.</summary>
    private static readonly TimeSpan NodeTimeout = TimeSpan.FromSeconds(2);

    private RedisClusterProcesses(DirectoryInfo directory, Watchdog watchdog)
    {
        Nodes = [.. Enumerable.Range(1, 2 * Primaries).Select(number => new RedisProcess(
            directory,
            watchdog,
            [
                "--cluster-enabled", "yes", "--cluster-port", $"{FreePorts.Next()}", "--cluster-node-timeout", $"{NodeTimeout.TotalMilliseconds}",
                "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0",
            ],
            $"redis-{number}"))];
    }

    /// <summary>The first three began as primaries, the others as their replicas.</summary>
    public IReadOnlyList<RedisProcess> Nodes { get; }

    public string ConnectionString => string.Join(',', Nodes.Select(node => node.ConnectionString));

    /// <summary>Returns when every node sees the whole cluster, replicas in step.</summary>
    public static async Task<RedisClusterProcesses> StartAsync(DirectoryInfo directory, Watchdog watchdog, CancellationToken cancellationToken)
    {
        var cluster = new RedisClusterProcesses(directory, watchdog);
        try
        {
            await Task.WhenAll(cluster.Nodes.Select(node => node.StartAsync(cancellationToken)));
            await cluster.FormAsync(cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The node that takes writes of this key now.</summary>
    public async Task<RedisProcess> PrimaryOfAsync(RedisKey key)
    {
        var slot = int.Parse(await LivingNode.SendAsync("CLUSTER", "KEYSLOT", key.ToString()), CultureInfo.InvariantCulture);
        var primary = (await ViewAsync(LivingNode)).First(node => node.Slots.Any(range => range.First <= slot && slot <= range.Last));
        return Nodes.Single(node => node.EndPoint.Port == primary.Port);
    }

    /// <summary>The replica that would follow on a primary.</summary>
    public async Task<RedisProcess> ReplicaOfAsync(RedisProcess primary)
    {
        var view = await ViewAsync(LivingNode);
        var replica = view.First(node => node.PrimaryId == view.Single(other => other.Port == primary.EndPoint.Port).Id);
        return Nodes.Single(node => node.EndPoint.Port == replica.Port);
    }

    /// <summary>A primary that is not this one.</summary>
    public async Task<RedisProcess> OtherPrimaryAsync(RedisProcess primary)
    {
        var other = (await ViewAsync(LivingNode)).First(node => node.IsPrimary && node.Slots.Count > 0 && node.Port != primary.EndPoint.Port);
        return Nodes.Single(node => node.EndPoint.Port == other.Port);
    }

    /// <summary>Moves the slot of this key with all that is in it, as <c>redis-cli --cluster reshard</c> does.</summary>
    public async Task MoveSlotAsync(RedisKey key, RedisProcess from, RedisProcess to)
    {
        var slot = await from.SendAsync("CLUSTER", "KEYSLOT", key.ToString());
        var source = await from.SendAsync("CLUSTER", "MYID");
        var target = await to.SendAsync("CLUSTER", "MYID");
        await to.SendAsync("CLUSTER", "SETSLOT", slot, "IMPORTING", source);
        await from.SendAsync("CLUSTER", "SETSLOT", slot, "MIGRATING", target);
        while ((await from.SendAsync("CLUSTER", "GETKEYSINSLOT", slot, "100")).Split('\n', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } keys)
        {
            await from.SendAsync(["MIGRATE", $"{to.EndPoint.Address}", $"{to.EndPoint.Port}", "", "0", "5000", "KEYS", .. keys]);
        }

        foreach (var node in new[] { to, from })
        {
            await node.SendAsync("CLUSTER", "SETSLOT", slot, "NODE", target);
        }
    }

    /// <summary>Returns when each living node sees a living primary for every slot and all replicas of living nodes are in step.</summary>
    public Task WaitUntilWholeAsync(CancellationToken cancellationToken) => Waiting.UntilAsync(
        async () =>
        {
            foreach (var node in Nodes.Where(node => node.IsRunning))
            {
                var isWhole = (await node.SendAsync("CLUSTER", "INFO")).Contains("cluster_state:ok", StringComparison.Ordinal)
                    && (await ViewAsync(node)).Count(known => known.IsPrimary && known.Slots.Count > 0) == Primaries;
                var replication = await node.SendAsync("INFO", "replication");
                if (!isWhole || replication.Contains("master_link_status:down", StringComparison.Ordinal))
                {
                    return false;
                }
            }

            return true;
        },
        "the Redis Cluster to be whole",
        FormLimit,
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }
    }

    private RedisProcess LivingNode => Nodes.First(node => node.IsRunning);

    private async Task FormAsync(CancellationToken cancellationToken)
    {
        string[] create = ["--cluster", "create", .. Nodes.Select(node => node.ConnectionString), "--cluster-replicas", "1", "--cluster-yes"];
        await Programs.OutputAsync(Programs.Installed("redis-cli", RedisProcess.Remedy), create).WaitAsync(FormLimit, cancellationToken);
        await Waiting.UntilAsync(
            async () => (await Task.WhenAll(Nodes.Select(ViewAsync))).All(view => view.Count(node => node.PrimaryId is not null) == Primaries),
            "every Redis node to know the replicas", FormLimit, cancellationToken);
        await WaitUntilWholeAsync(cancellationToken);
    }

    /// <summary>The cluster as a node sees it, without nodes that it takes for dead.</summary>
    private static async Task<IReadOnlyList<ClusterNode>> ViewAsync(RedisProcess node) =>
        [.. (await node.SendAsync("CLUSTER", "NODES")).Split('\n').Select(ClusterNode.Parse).Where(known => !known.IsDead)];

    /// <summary>A line of CLUSTER NODES.</summary>
    private sealed record ClusterNode(string Id, int Port, string[] Flags, string? PrimaryId, IReadOnlyList<(int First, int Last)> Slots)
    {
        public bool IsPrimary => Flags.Contains("master");

        public bool IsDead => Flags.Contains("fail");

        public static ClusterNode Parse(string line)
        {
            // id ip:port@busport flags primary-or-dash ping pong epoch link-state slot-ranges…
            var fields = line.TrimEnd('\r').Split(' ');
            var port = fields[1].Split('@')[0].Split(':')[^1];
            return new ClusterNode(
                fields[0],
                int.Parse(port, CultureInfo.InvariantCulture),
                fields[2].Split(','),
                fields[3] == "-" ? null : fields[3],
                [.. fields[8..].Where(range => range[0] != '[').Select(Range)]);
        }

        private static (int First, int Last) Range(string range)
        {
            var ends = range.Split('-');
            return (int.Parse(ends[0], CultureInfo.InvariantCulture), int.Parse(ends[^1], CultureInfo.InvariantCulture));
        }
    }
}
