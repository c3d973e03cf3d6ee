using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>One replica of a resource: a place with an id and an address, held by one process after another.</summary>
internal sealed class Replica(
    ProcessResource resource, ReplicaContext context, string label, ReplicaServices services) : IAsyncDisposable
{
    private static readonly TimeSpan HealthInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HealthIntervalUntilHealthy = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan HealthLimit = TimeSpan.FromSeconds(5);
    /// <summary>The hub's drain window and what it needs around it.</summary>
    public static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _startOrStop = new(1);
    private readonly CancellationTokenSource _disposed = new();
    private Process? _process;
    private Task _watch = Task.CompletedTask;
    private volatile bool _stopping;

    public string Id { get; } = $"{resource.Name}-{context.InstanceId}";
    public ProcessResource Resource => resource;
    public Uri? Address => context.Address;

    public void Publish(string state) => Publish(state, environment: null);

    /// <summary>Does nothing where a process runs already.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _startOrStop.WaitAsync(cancellationToken);
        try
        {
            if (_watch.IsCompleted)
            {
                Publish(KnownResourceStates.Starting);
                await StartProcessAsync(cancellationToken);
            }
        }
        catch (Exception problem) when (problem is DistributedApplicationException or Win32Exception)
        {
            services.Console.Write(label, $"could not be started: {problem.Message}");
            Publish(KnownResourceStates.FailedToStart);
        }
        finally
        {
            _startOrStop.Release();
        }
    }

    /// <summary>SIGTERM, and SIGKILL for a process that is still there after the limit.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // Not cancelled: a limit that has passed already means to kill it at once, not to leave it.
        await _startOrStop.WaitAsync(CancellationToken.None);
        try
        {
            if (_process is not { } process || _watch.IsCompleted)
            {
                return;
            }

            _stopping = true;
            Publish(KnownResourceStates.Stopping);
            Signal.Terminate(process);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(StopLimit);
            try
            {
                await _watch.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                services.Console.Write(label, $"did not end within {StopLimit.TotalSeconds:0} s of SIGTERM and is killed");
                process.Kill(entireProcessTree: true);
                await _watch;
            }
        }
        finally
        {
            _stopping = false;
            _startOrStop.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        if (_process is { } process && !_watch.IsCompleted)
        {
            process.Kill(entireProcessTree: true);
        }

        await _watch;
        _process?.Dispose();
        _disposed.Dispose();
        _startOrStop.Dispose();
    }

    private async Task StartProcessAsync(CancellationToken cancellationToken)
    {
        var environment = await services.Environment.OfAsync(resource, context, cancellationToken);
        var (command, arguments, directory) = resource.CommandFor(context);
        // A session of its own: Ctrl-C in the terminal reaches the AppHost only, which then stops the processes in order.
        var start = OwnSession.IsAvailable ? new ProcessStartInfo(OwnSession.Command, [command, .. arguments]) : new ProcessStartInfo(command, arguments);
        start.WorkingDirectory = directory;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach (var own in start.Environment.Keys.Where(IsAppHostsOwn).ToArray())
        {
            start.Environment.Remove(own);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process?.Dispose();
        var process = _process = Process.Start(start)!;
        services.Watchdog.Watch(process.Id);
        process.StandardInput.Close();
        process.OutputDataReceived += (_, line) => services.Console.Write(label, line.Data);
        process.ErrorDataReceived += (_, line) => services.Console.Write(label, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Publish(KnownResourceStates.Running, environment, process.Id, resource.HealthPath is null ? HealthStatus.Healthy : HealthStatus.Unhealthy);
        _watch = WatchAsync(process, environment);
    }

    /// <summary>What the launch profile or ./run tells the AppHost about itself would tell the process something wrong.</summary>
    private static bool IsAppHostsOwn(string variable) =>
        variable is "ASPNETCORE_URLS" or "ASPNETCORE_ENVIRONMENT" or "DOTNET_ENVIRONMENT" or "DOTNET_LAUNCH_PROFILE"
        || variable.StartsWith("ASPIRE_", StringComparison.Ordinal);

    private async Task WatchAsync(Process process, IReadOnlyDictionary<string, string> environment)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token);
        var health = WatchHealthAsync(process.Id, environment, ended.Token);
        await process.WaitForExitAsync();
        await ended.CancelAsync();
        await health;
        services.Watchdog.Forget(process.Id);
        if (!_stopping && !_disposed.IsCancellationRequested)
        {
            services.Console.Write(label, $"ended by itself with exit code {process.ExitCode}; its start command starts it again");
        }

        Publish(process.ExitCode == 0 ? KnownResourceStates.Finished : KnownResourceStates.Exited, exitCode: process.ExitCode);
    }

    private async Task WatchHealthAsync(int processId, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        if (resource.HealthPath is null || Address is null)
        {
            return;
        }

        var last = HealthStatus.Unhealthy;
        try
        {
            while (true)
            {
                var now = await CheckAsync(new Uri(Address, resource.HealthPath), cancellationToken);
                if (now != last && !_stopping)
                {
                    Publish(KnownResourceStates.Running, environment, processId, last = now);
                }

                await Task.Delay(last is HealthStatus.Healthy ? HealthInterval : HealthIntervalUntilHealthy, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process has ended.
        }
    }

    private async Task<HealthStatus> CheckAsync(Uri health, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(HealthLimit);
        try
        {
            using var response = await services.Http.GetAsync(health, limit.Token);
            return response.IsSuccessStatusCode ? HealthStatus.Healthy : HealthStatus.Unhealthy;
        }
        catch (Exception problem) when (problem is HttpRequestException || (problem is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return HealthStatus.Unhealthy;
        }
    }

    private void Publish(
        string state, IReadOnlyDictionary<string, string>? environment, int? processId = null, HealthStatus? health = null, int? exitCode = null) =>
        services.Notifications.Publish(new ResourceEvent(resource, Id, new CustomResourceSnapshot
        {
            ResourceType = resource is ProjectResource ? "Project" : "Container",
            State = state,
            ExitCode = exitCode,
            HealthStatus = health,
            Properties = processId is null ? [] : [new("executable.pid", processId)],
            EnvironmentVariables = environment?.Select(pair => new EnvironmentVariableSnapshot(pair.Key, pair.Value, IsFromSpec: true)).ToImmutableArray() ?? [],
            Urls = resource.Endpoint is null
                ? []
                :
                [
                    new(HttpEndpoint.Name, resource.Endpoint.Address.ToString().TrimEnd('/'), IsInternal: false),
                    new(HttpEndpoint.Name, Address!.ToString().TrimEnd('/'), IsInternal: true),
                ],
        }));

    private void Publish(string state, int exitCode) => Publish(state, environment: null, exitCode: exitCode);
}
