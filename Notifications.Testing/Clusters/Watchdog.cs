using System.Diagnostics;

namespace Notifications.Testing.Clusters;

/// <summary>
/// A shell that outlives this process by a few seconds: it reads the ids of the running processes from a pipe. The pipe closes when this
/// process ends, in whatever way. Then the shell ends those that are left.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private const string Script =
        """
        trap '' INT TERM HUP
        pids=' '
        while read -r change pid; do
          case $change in
            +) pids="$pids$pid " ;;
            -) pids="${pids%% $pid *} ${pids#* $pid }" ;;
          esac
        done
        kill -TERM $pids 2>/dev/null
        for second in 1 2 3; do
          sleep 1
          left=''
          for pid in $pids; do
            kill -0 $pid 2>/dev/null && left="$left $pid"
          done
          [ "$left" ] || exit 0
        done
        for pid in $left; do
          # With what it started, where it has a session of its own.
          kill -KILL -$pid 2>/dev/null || kill -KILL $pid
        done
        """;

    private readonly Lock _lock = new();
    private readonly Process? _shell = Start();

    public void Watch(int processId) => Write($"+ {processId}");

    public void Forget(int processId) => Write($"- {processId}");

    public void Dispose()
    {
        lock (_lock)
        {
            _shell?.StandardInput.Close();
        }

        _shell?.Dispose();
    }

    private void Write(string line)
    {
        lock (_lock)
        {
            _shell?.StandardInput.WriteLine(line);
            _shell?.StandardInput.Flush();
        }
    }

    private static Process? Start()
    {
        if (OperatingSystem.IsWindows())
        {
            return null; // Windows has no sh: there, the processes outlive a run that is killed.
        }

        // A session of its own keeps it out of the terminal's process group: Ctrl-C does not reach it.
        string[] shell = Programs.IsInstalled("setsid") ? ["setsid", "sh", "-c", Script] : ["sh", "-c", Script];
        return Process.Start(new ProcessStartInfo(shell[0], shell[1..]) { RedirectStandardInput = true });
    }
}
