using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Notifications.Testing.Clusters;
using Notifications.Benchmarks.Compare.Systems;

namespace Notifications.Benchmarks.Compare;

/// <summary>When, where and with which versions a comparison was made.</summary>
internal static class Surroundings
{
    public static async Task<string> DescribeAsync(CompareOptions options)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, commit {await CommitAsync()}; {options.Pairs} turns of {options.Times.Measured.TotalSeconds:0.#} s each.");
        text.AppendLine(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} × {Processor()}, {Memory()}, {RuntimeInformation.OSDescription}; load average {LoadAverage()} at the end.");
        text.Append(CultureInfo.InvariantCulture, $"{RuntimeInformation.FrameworkDescription}, {await RedisAsync()}");
        if (options.Systems.Any(system => system.IsOnNode))
        {
            text.Append(CultureInfo.InvariantCulture, $", Node {await Programs.OutputAsync(NodePeers.Node, ["--version"])}, {await NginxAsync()}, {Packages()}");
        }

        return text.AppendLine(".").ToString();
    }

    private static async Task<string> CommitAsync()
    {
        var root = Programs.InRepository();
        var commit = await Programs.OutputAsync("git", ["-C", root, "rev-parse", "--short=12", "HEAD"]);
        var changes = await Programs.OutputAsync("git", ["-C", root, "status", "--porcelain", "--untracked-files=no"]);
        return changes.Length == 0 ? commit : $"{commit} with changes";
    }

    private static string Processor() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? $"{RuntimeInformation.ProcessArchitecture}";

    private static string Memory() => $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024 * 1024 * 1024)} GiB";

    private static string LoadAverage() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    private static async Task<string> RedisAsync()
    {
        // Redis server v=7.0.15 sha=… …
        var words = (await Programs.OutputAsync(Programs.Installed("redis-server", RedisProcess.Remedy), ["--version"])).Split(' ');
        return $"Redis {words[2][2..]}";
    }

    /// <summary>nginx tells its version on standard error.</summary>
    private static Task<string> NginxAsync() => Programs.OutputAsync("sh", ["-c", "\"$1\" -v 2>&1 | sed 's:.*nginx/:nginx :'", "sh", Nginx.Program]);

    private static string Packages()
    {
        using var file = File.OpenRead(NodePeers.Program("package.json"));
        using var package = JsonDocument.Parse(file);
        return string.Join(", ", package.RootElement.GetProperty("dependencies").EnumerateObject().Select(dependency => $"{dependency.Name} {dependency.Value}"));
    }
}
