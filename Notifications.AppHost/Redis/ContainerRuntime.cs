using System.ComponentModel;
using System.Diagnostics;

namespace Notifications.AppHost;

internal static class ContainerRuntime
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// <c>docker</c> or <c>podman</c>, whichever has an engine that answers. A client alone does not count: a container
    /// resource without an engine never starts, and everything that waits for it waits for ever.
    /// </summary>
    public static string? Find() => Array.Find(["docker", "podman"], Answers);

    private static bool Answers(string command)
    {
        try
        {
            using var info = Process.Start(new ProcessStartInfo(command, ["info"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            // Read to the end so that a full pipe cannot hold the command up.
            var output = Task.WhenAll(info.StandardOutput.ReadToEndAsync(), info.StandardError.ReadToEndAsync());
            if (!info.WaitForExit(AnswerLimit))
            {
                info.Kill(entireProcessTree: true);
                return false;
            }

            output.Wait(AnswerLimit);
            return info.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false; // Not installed.
        }
    }
}
