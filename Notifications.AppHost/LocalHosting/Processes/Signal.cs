using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Aspire.Hosting;

internal static class Signal
{
    private const int Sigterm = 15;

    /// <summary>Asks a process to end. Windows has no such signal for a process without a window, so there it is killed.</summary>
    public static void Terminate(Process process)
    {
        if (OperatingSystem.IsWindows())
        {
            process.Kill(entireProcessTree: true);
        }
        else if (!process.HasExited)
        {
            _ = Kill(process.Id, Sigterm);
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int processId, int signal);
}
