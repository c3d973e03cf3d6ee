using System.Runtime.InteropServices;

namespace Notifications.Testing.Clusters;

/// <summary>What a process can be sent besides .NET's <c>Kill</c>. The numbers differ between Linux and macOS.</summary>
internal static class Signals
{
    private const int Terminating = 15;

    private static int Stopping => OperatingSystem.IsMacOS() ? 17 : 19;

    private static int Continuing => OperatingSystem.IsMacOS() ? 19 : 18;

    public static void Terminate(int processId) => Send(processId, Terminating);

    /// <summary>SIGSTOP: the process does nothing from now on and its sockets stay open.</summary>
    public static void Pause(int processId) => Send(processId, Stopping);

    public static void Resume(int processId) => Send(processId, Continuing);

    private static void Send(int processId, int signal)
    {
        if (Kill(processId, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} could not be sent to process {processId}: errno {Marshal.GetLastPInvokeError()}.");
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int processId, int signal);
}
