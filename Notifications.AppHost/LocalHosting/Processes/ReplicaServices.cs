namespace Aspire.Hosting;

/// <summary>What all replicas share.</summary>
internal sealed record ReplicaServices(
    ResourceNotificationService Notifications, ReplicaEnvironment Environment, ResourceConsole Console, Watchdog Watchdog, HttpClient Http);
