using System.Diagnostics;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Notifications.Tests.WholeSystem;

/// <summary>One process of the hub, as the AppHost knows it.</summary>
/// <param name="ResourceId">Its name for the AppHost's commands.</param>
/// <param name="Instance">Its id among the hub instances.</param>
/// <param name="ProcessId">The process.</param>
internal sealed record HubReplica(string ResourceId, string Instance, int ProcessId)
{
    private const string InstanceAttribute = "service.instance.id=";

    /// <summary>SIGKILL: it has no chance to say goodbye. Aspire runs a project below a <c>dotnet run</c> of its own, so the whole tree.</summary>
    public void Kill()
    {
        using var process = Process.GetProcessById(ProcessId);
        process.Kill(entireProcessTree: true);
    }

    /// <summary>Waits until that many replicas run.</summary>
    public static async Task<IReadOnlyList<HubReplica>> RunningAsync(DistributedApplication app, int count)
    {
        using var limit = new CancellationTokenSource(RunningSystem.StartLimit);
        var replicas = new Dictionary<string, HubReplica>();
        await app.ResourceNotifications.WaitForResourceAsync(
            "hub",
            change =>
            {
                replicas.Remove(change.ResourceId);
                if (change.Snapshot.State?.Text == KnownResourceStates.Running && ProcessIdOf(change) is { } processId && InstanceOf(change) is { } instance)
                {
                    replicas[change.ResourceId] = new HubReplica(change.ResourceId, instance, processId);
                }

                return replicas.Count == count;
            },
            limit.Token);
        return [.. replicas.Values];
    }

    private static int? ProcessIdOf(ResourceEvent change) =>
        change.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value as int?;

    private static string? InstanceOf(ResourceEvent change) =>
        change.Snapshot.EnvironmentVariables.FirstOrDefault(variable => variable.Name == "OTEL_RESOURCE_ATTRIBUTES")?.Value?
            .Split(',').FirstOrDefault(attribute => attribute.StartsWith(InstanceAttribute, StringComparison.Ordinal))?[InstanceAttribute.Length..];
}
