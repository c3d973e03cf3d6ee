using System.Diagnostics;

namespace Notifications.Tests.Redis;

/// <summary>Debian's <c>redis-server</c> as a process, in a directory of its own, without persistence.</summary>
public sealed class RedisServerProcess : RedisServer
{
    private static readonly string? Executable = Executables.Find("redis-server");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-redis-");
    private Process? _process;

    public static bool IsInstalled => Executable is not null;

    protected override void StartOn(int port)
    {
        var start = new ProcessStartInfo(Executable ?? throw new InvalidOperationException("redis-server is not on PATH. Install Debian's package redis-server."))
        {
            ArgumentList = { "--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _directory.FullName, "--logfile", "redis.log" },
            WorkingDirectory = _directory.FullName,
        };
        _process = Process.Start(start)!;
        AppDomain.CurrentDomain.ProcessExit += Kill;
    }

    protected override void ThrowIfDead()
    {
        if (_process!.HasExited)
        {
            throw new InvalidOperationException($"redis-server exited with {_process.ExitCode}: {File.ReadAllText(Path.Combine(_directory.FullName, "redis.log"))}");
        }
    }

    protected override async Task StopServerAsync()
    {
        if (_process is null)
        {
            return;
        }

        AppDomain.CurrentDomain.ProcessExit -= Kill;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
        _directory.Delete(recursive: true);
    }

    // A test run that is ended early disposes no fixture.
    private void Kill(object? sender, EventArgs args) => _process?.Kill();
}
