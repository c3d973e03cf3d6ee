using System.Diagnostics;
using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks.Compare.Systems;

/// <summary>The peers' programs for Node, in <c>Notifications.Benchmarks/peers</c>, and their packages.</summary>
internal static class NodePeers
{
    private const string Remedy = "Install Node 20 or later with npm.";

    public static readonly IReadOnlyDictionary<string, string> Environment = new Dictionary<string, string> { ["NODE_ENV"] = "production" };

    private static readonly string Folder = Programs.InRepository("Notifications.Benchmarks", "peers");

    public static string Node => Programs.Installed("node", Remedy);

    public static string Program(string file) => Path.Combine(Folder, file);

    /// <summary>Brings in the packages once, and again when the lock file has changed.</summary>
    public static async Task InstallAsync(TextWriter output)
    {
        var installed = Path.Combine(Folder, "node_modules", ".package-lock.json");
        if (File.Exists(installed) && File.GetLastWriteTimeUtc(installed) >= File.GetLastWriteTimeUtc(Program("package-lock.json")))
        {
            return;
        }

        output.WriteLine("Installing the peers' npm packages.");
        await Programs.OutputAsync(
            Programs.Installed("npm", Remedy), ["ci", "--prefix", Folder, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    }

    public static ProcessStartInfo Publisher(string file, string redis)
    {
        var start = new ProcessStartInfo(Node, [Program(file), redis]);
        foreach (var (variable, value) in Environment)
        {
            start.Environment[variable] = value;
        }

        return start;
    }
}
