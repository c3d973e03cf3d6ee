using System.Diagnostics;
using System.Globalization;
using Notifications.Testing.Clusters;
using Npgsql;

namespace Notifications.Tests.Orders;

/// <summary>PostgreSQL of this machine as a process, with a cluster of its own in a temporary directory.</summary>
public sealed class PostgreSqlServer : IAsyncDisposable
{
    private const int StartAttempts = 3;
    private const string User = "postgres";

    // Debian keeps them off the PATH, a directory for each major version.
    private const string DebianDirectory = "/usr/lib/postgresql";
    private static readonly string? Programs = FindPrograms();

    // It refuses to run as root. setpriv makes way for it, so that the process id is the server's.
    private static readonly string[] AsUser =
        Environment.IsPrivilegedProcess ? ["setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups", "--"] : [];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-postgresql-");
    private Process? _process;
    private int _port;
    private int _databases;

    public static bool IsInstalled => Programs is not null;

    public async Task StartAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", User, _directory.FullName);
        }

        await RunAsync([.. AsUser, Program("initdb"), "--pgdata", DataDirectory, "--username", User, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]);
        for (var attempt = 1; _process is null; attempt++)
        {
            _port = FreePorts.Next();
            try
            {
                Start();
                await WaitUntilItAnswersAsync();
            }
            catch (Exception) when (attempt < StartAttempts)
            {
                // Most likely the port was taken in between; the last attempt's exception tells what else it is.
                await StopAsync();
            }
        }
    }

    /// <returns>The connection string of a new, empty database.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"orders_{Interlocked.Increment(ref _databases)}");
        await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"CREATE DATABASE {name}";
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _directory.Delete(recursive: true);
    }

    private string DataDirectory => Path.Combine(_directory.FullName, "data");

    private string LogFile => Path.Combine(_directory.FullName, "postgresql.log");

    private string ConnectionString(string database) => $"Host=127.0.0.1;Port={_port};Database={database};Username={User}";

    private void Start()
    {
        string[] server =
        [
            .. AsUser, Program("postgres"), "-D", DataDirectory, "-p", $"{_port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
            // Nobody pulls the plug on a test.
            "-c", "fsync=off",
        ];
        _process = Process.Start(new ProcessStartInfo("sh", ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", LogFile, .. server])
        {
            WorkingDirectory = _directory.FullName,
        })!;
        AppDomain.CurrentDomain.ProcessExit += Kill;
    }

    private Task WaitUntilItAnswersAsync() => Eventually.True(
        async () =>
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
                await connection.OpenAsync();
                return true;
            }
            catch (NpgsqlException)
            {
                return !_process!.HasExited ? false : throw new InvalidOperationException($"postgres exited with {_process.ExitCode}: {await File.ReadAllTextAsync(LogFile)}");
            }
        },
        $"PostgreSQL on port {_port} to answer");

    private async Task StopAsync()
    {
        if (_process is null)
        {
            return;
        }

        AppDomain.CurrentDomain.ProcessExit -= Kill;
        if (!_process.HasExited)
        {
            // It ends its children first, and with them the connections that are still open.
            await RunAsync([.. AsUser, Program("pg_ctl"), "stop", "--mode", "immediate", "--pgdata", DataDirectory]);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    // A test run that is ended early disposes no fixture. The children notice.
    private void Kill(object? sender, EventArgs args) => _process?.Kill();

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        })!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', command)} exited with {process.ExitCode}: {string.Concat(output)}");
        }
    }

    private static string Program(string name) =>
        Path.Combine(Programs ?? throw new InvalidOperationException("PostgreSQL's server is not installed. Install Debian's package postgresql."), name);

    private static string? FindPrograms()
    {
        if (Executables.Find("initdb") is { } onPath)
        {
            // Where a link leads: the other programs are there, and need not be linked.
            return Path.GetDirectoryName(File.ResolveLinkTarget(onPath, returnFinalTarget: true)?.FullName ?? onPath);
        }

        var versions = Directory.Exists(DebianDirectory) ? Directory.GetDirectories(DebianDirectory) : [];
        return versions
            .OrderByDescending(directory => int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var version) ? version : 0)
            .Select(directory => Path.Combine(directory, "bin"))
            .FirstOrDefault(directory => File.Exists(Path.Combine(directory, "initdb")));
    }
}
