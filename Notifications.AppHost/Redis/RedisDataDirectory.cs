using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Notifications.AppHost.Redis;

/// <summary>
/// A folder to which only one Redis server at a time writes: two servers on one append-only file would destroy the file. The AppHost locks the
/// folder while it runs. A server that outlived its AppHost is found by its process id.
/// </summary>
internal sealed class RedisDataDirectory
{
    /// <summary>After an AppHost was killed, the orchestrator takes up to 18 s to end its processes.</summary>
    private static readonly TimeSpan LeftBehindLimit = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    // Held until the process ends.
    private readonly FileStream _lock;

    private RedisDataDirectory(string path, FileStream @lock) => (Path, _lock) = (path, @lock);

    public string Path { get; }

    /// <summary>Where the server writes its process id.</summary>
    public string ProcessFile => ProcessFileIn(Path);

    /// <summary>Locks the folder. First waits up to 25 s for a server that an earlier AppHost left behind.</summary>
    /// <exception cref="StartupProblem">Another AppHost uses the folder, or a server still uses it after 25 s.</exception>
    public static RedisDataDirectory Take(string path)
    {
        Directory.CreateDirectory(path);
        FileStream @lock;
        try
        {
            @lock = new FileStream(System.IO.Path.Combine(path, "apphost.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new StartupProblem(
                $"Another AppHost runs its Redis on \"{path}\", and two servers on one append-only file would destroy it. Stop that AppHost, set Redis:DataDirectory to another folder, or set Redis:Kind to Embedded.");
        }

        WaitForServerLeftBehind(path);
        return new RedisDataDirectory(path, @lock);
    }

    private static void WaitForServerLeftBehind(string path)
    {
        var waited = Stopwatch.StartNew();
        while (ServerLeftBehind(path) is { } processId)
        {
            if (waited.Elapsed > LeftBehindLimit)
            {
                throw new StartupProblem(
                    $"Process {processId} is a Redis server that an earlier AppHost left behind, and it uses \"{path}\". End it (kill {processId}), or set Redis:DataDirectory to another folder.");
            }

            Thread.Sleep(LookInterval);
        }
    }

    private static int? ServerLeftBehind(string path)
    {
        if (!File.Exists(ProcessFileIn(path)) || !int.TryParse(File.ReadAllText(ProcessFileIn(path)), CultureInfo.InvariantCulture, out var processId))
        {
            return null;
        }

        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited && process.ProcessName is "redis-server" or "valkey-server" ? processId : null;
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }

    private static string ProcessFileIn(string path) => System.IO.Path.Combine(path, "redis.pid");
}
