using System.ComponentModel;
using System.Diagnostics;

namespace Notifications.AppHost;

internal static class ContainerRuntime
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Returns <c>docker</c> or <c>podman</c>, the first with an engine that answers. Null when none answers. The command alone is not
    /// enough: without an engine a container resource never starts, and the resources that wait for it never start either.
    /// </summary>
    public static string? Find() => Array.Find(["docker", "podman"], Answers);

    private static bool Answers(string command)
    {
        try
        {
            using var info = Process.Start(new ProcessStartInfo(command, ["info"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            // Reads the output to its end, so that a full pipe can't block the command.
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
