namespace Notifications.Testing.Clusters;

/// <summary>What a <see cref="Cluster"/> is made of.</summary>
internal sealed record ClusterOptions
{
    public int Hubs { get; init; } = 3;

    public int Gateways { get; init; } = 1;

    /// <summary>Whether there is a <see cref="Front"/>, which asks the gateways for their health four times a second.</summary>
    public bool HasFront { get; init; } = true;

    /// <summary>Order services, on one database.</summary>
    public int OrderServices { get; init; }

    /// <summary>More arguments of <c>redis-server</c>, such as <c>--appendonly yes</c>.</summary>
    public IReadOnlyList<string> RedisArguments { get; init; } = ["--appendonly", "no"];

    /// <summary>A Redis Cluster of three primaries with a replica each, in the place of the one Redis.</summary>
    public bool HasRedisCluster { get; init; }

    /// <summary>Of the driver's publisher.</summary>
    public int WaitForReplicas { get; init; }

    /// <summary>Each hub has a network of its own to Redis, which can be disturbed.</summary>
    public bool HubsReachRedisThroughProxies { get; init; }

    /// <summary>A hub that is started again listens where it did, as one with a fixed address does; else at another port.</summary>
    public bool HubsKeepTheirPorts { get; init; }

    /// <summary>Without links between gateways and hubs: <c>Transport:Mode=Plain</c>.</summary>
    public bool IsPlain { get; init; }

    /// <summary>Settings of every service, in place of the cluster's own where both have one.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Settings of the order services.</summary>
    public IReadOnlyDictionary<string, string> OrderSettings { get; init; } = new Dictionary<string, string>();

    /// <summary>Settings of the hubs, such as <c>Delivery__PageSize</c>.</summary>
    public IReadOnlyDictionary<string, string> HubSettings { get; init; } = new Dictionary<string, string>();

    /// <summary>The gateways limit what one address and one user may take, as they ship. Else not: all of a load comes from one address.</summary>
    public bool HasCallerLimits { get; init; }

    /// <summary>Settings of the gateways, such as <c>Gateway__HandshakesPerSecond</c>.</summary>
    public IReadOnlyDictionary<string, string> GatewaySettings { get; init; } = new Dictionary<string, string>();
}
