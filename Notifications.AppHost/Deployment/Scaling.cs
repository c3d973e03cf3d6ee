namespace Notifications.AppHost.Deployment;

/// <summary>How far the published system grows by itself; the least number of replicas is what the AppHost runs.</summary>
internal static class Scaling
{
    public const int HubMaxReplicas = 50;

    /// <summary>Connections of one hub, on average over all, above which there is to be another one.</summary>
    public const int ConnectionsPerHub = 5_000;

    /// <summary>Of what a replica asked for. The rest is for the clients of a replica that goes.</summary>
    public const int CpuPercent = 60;
}
