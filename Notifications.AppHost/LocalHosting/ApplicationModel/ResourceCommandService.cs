namespace Aspire.Hosting.ApplicationModel;

public static class KnownResourceCommands
{
    public static readonly string StartCommand = "start";
    public static readonly string StopCommand = "stop";
    public static readonly string RestartCommand = "restart";
}

public sealed class ExecuteCommandResult
{
    public required bool Success { get; init; }
    public string? Message { get; init; }
}

/// <summary>Starts and stops single replicas.</summary>
public sealed class ResourceCommandService
{
    private readonly Orchestrator _orchestrator;
    private readonly ResourceNotificationService _notifications;

    internal ResourceCommandService(Orchestrator orchestrator, ResourceNotificationService notifications) =>
        (_orchestrator, _notifications) = (orchestrator, notifications);

    /// <summary>The id is a replica's, or the name of a resource that has one replica only.</summary>
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default)
    {
        if (!_notifications.TryGetCurrentState(resourceId, out var state) || _orchestrator.ReplicaOf(state.ResourceId) is not { } replica)
        {
            return new() { Success = false, Message = $"There is no single process \"{resourceId}\". A replicated resource's processes have ids of their own." };
        }

        if (commandName == KnownResourceCommands.StopCommand || commandName == KnownResourceCommands.RestartCommand)
        {
            await replica.StopAsync(cancellationToken);
        }

        if (commandName == KnownResourceCommands.StartCommand || commandName == KnownResourceCommands.RestartCommand)
        {
            await replica.StartAsync(cancellationToken);
        }

        return new() { Success = true };
    }
}
