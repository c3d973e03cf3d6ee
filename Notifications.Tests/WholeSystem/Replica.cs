using System.Diagnostics;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Notifications.Tests.WholeSystem;

/// <summary>One process of a resource with several, as the AppHost knows it.</summary>
/// <param name="ResourceId">Its name for the AppHost's commands.</param>
/// <param name="Instance">Its id among them, which for a hub is the instance's.</param>
/// <param name="ProcessId">The process.</param>
internal sealed record Replica(string ResourceId, string Instance, int ProcessId)
{
    private const string InstanceAttribute = "service.instance.id=";

    /// <summary>
    /// SIGKILL: it has no chance to say goodbye. Aspire runs a project below a <c>dotnet run</c> of its own, so the whole tree. Returns when
    /// it is gone: until then its port takes connections that nobody answers.
    /// </summary>
    public async Task KillAsync()
    {
        using var process = Process.GetProcessById(ProcessId);
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    /// <summary>Waits until that many replicas of the resource are ready.</summary>
    public static async Task<IReadOnlyList<Replica>> ReadyAsync(DistributedApplication app, string resource, int count)
    {
        using var limit = new CancellationTokenSource(RunningSystem.StartLimit);
        var replicas = new Dictionary<string, Replica>();
        await app.ResourceNotifications.WaitForResourceAsync(
            resource,
            change =>
            {
                replicas.Remove(change.ResourceId);
                if (IsReady(change) && ProcessIdOf(change) is { } processId && InstanceOf(change) is { } instance)
                {
                    replicas[change.ResourceId] = new Replica(change.ResourceId, instance, processId);
                }

                return replicas.Count == count;
            },
            limit.Token);
        return [.. replicas.Values];
    }

    private static bool IsReady(ResourceEvent change) =>
        change.Snapshot.State?.Text == KnownResourceStates.Running && change.Snapshot.HealthStatus == HealthStatus.Healthy;

    private static int? ProcessIdOf(ResourceEvent change) =>
        change.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value as int?;

    private static string? InstanceOf(ResourceEvent change) =>
        change.Snapshot.EnvironmentVariables.FirstOrDefault(variable => variable.Name == "OTEL_RESOURCE_ATTRIBUTES")?.Value?
            .Split(',').FirstOrDefault(attribute => attribute.StartsWith(InstanceAttribute, StringComparison.Ordinal))?[InstanceAttribute.Length..];
}
