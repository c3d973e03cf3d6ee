using System.Diagnostics;

namespace Notifications.Testing.Clusters;

/// <summary>
/// A server of the cluster as a process of this machine: started, killed, paused and started again. Its output goes to
/// <c>{name}.log</c> in the cluster's directory.
/// </summary>
internal abstract class ServerProcess(string name, DirectoryInfo directory, Watchdog watchdog) : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    // The shell makes way for the server, so that the process id is the server's and its output costs the driver nothing.
    private const string WithLog = "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1";

    private Process? _process;

    public string Name => name;

    public string LogFile { get; } = Path.Combine(directory.FullName, $"{name}.log");

    protected DirectoryInfo Directory => directory;

    public int Id => Running.Id;

    /// <summary>It was started, and neither killed nor stopped since.</summary>
    public bool IsRunning => _process is not null;

    private Process Running => _process ?? throw new InvalidOperationException($"{name} was not started. Await StartAsync first.");

    /// <summary>Returns when the server takes requests.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("sh", ["-c", WithLog, "sh", LogFile, .. Command()]) { WorkingDirectory = directory.FullName };
        foreach (var (variable, value) in Environment())
        {
            start.Environment[variable] = value;
        }

        _process = Process.Start(start)!;
        watchdog.Watch(_process.Id);
        await Waiting.UntilAsync(
            async () =>
            {
                ThrowIfDead();
                return await IsReadyAsync(cancellationToken);
            },
            $"{name} to take requests; see {LogFile}",
            StartLimit,
            cancellationToken);
    }

    /// <summary>SIGKILL: it gets no chance to say anything to anybody.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
            Forget(process);
        }
    }

    /// <summary>SIGTERM: it stops as it was written to, and is killed if that takes longer than 15 s.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Signals.Terminate(Id);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StopLimit);
        try
        {
            await Running.WaitForExitAsync(limit.Token);
            Forget(Running);
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>It does nothing for that time, while its sockets stay open, and then goes on where it was.</summary>
    public async Task PauseAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        Pause();
        try
        {
            await Task.Delay(time, cancellationToken);
        }
        finally
        {
            Resume();
        }
    }

    /// <summary>SIGSTOP: it does nothing, and its sockets stay open.</summary>
    public void Pause()
    {
        ThrowIfDead();
        Signals.Pause(Id);
    }

    /// <summary>SIGCONT: it goes on where it was.</summary>
    public void Resume() => Signals.Resume(Id);

    /// <exception cref="InvalidOperationException">It ended, and nobody asked it to.</exception>
    public void ThrowIfDead()
    {
        if (Running.HasExited)
        {
            throw new InvalidOperationException($"{name} exited with {Running.ExitCode}:{System.Environment.NewLine}{string.Join(System.Environment.NewLine, Why())}");
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        await KillAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract IEnumerable<string> Command();

    protected virtual IEnumerable<(string Variable, string Value)> Environment() => [];

    protected abstract Task<bool> IsReadyAsync(CancellationToken cancellationToken);

    /// <summary>The end of its log, and before it what .NET's console logger calls critical: that may have been long before the end.</summary>
    private IEnumerable<string> Why()
    {
        const int shown = 10;
        var lines = File.Exists(LogFile) ? File.ReadAllLines(LogFile) : [];
        return lines.Index().Where(line => line.Item.StartsWith("crit:", StringComparison.Ordinal))
            .SelectMany(critical => lines.Skip(critical.Index).Take(shown))
            .Concat(lines.TakeLast(shown));
    }

    private void Forget(Process process)
    {
        watchdog.Forget(process.Id);
        process.Dispose();
        _process = null;
    }
}
