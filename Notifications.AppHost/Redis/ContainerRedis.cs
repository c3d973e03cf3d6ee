using System.ComponentModel;
using System.Diagnostics;

namespace Notifications.AppHost.Redis;

internal static class ContainerRedis
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Returns <c>docker</c> or <c>podman</c>, the first with an engine that answers. Null when none answers. The command alone is not
    /// enough: without an engine a container resource never starts, and the resources that wait for it never start either.
    /// </summary>
    public static string? FindRuntime() => Array.Find(["docker", "podman"], Answers);

    /// <summary>Adds a container that keeps every write in an append-only file, in a volume. docs/reliability.md says which setting loses what.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddContainerRedis(this IDistributedApplicationBuilder builder, string name, string why)
    {
        builder.Report("Redis", $"a container with a data volume, because {why}");
        return builder.AddRedis(name).WithDataVolume().WithPersistence().WithArgs("--appendonly", "yes");
    }

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
