using System.Diagnostics;

namespace Notifications.Testing.Clusters;

/// <summary>Where the programs of a cluster are on this machine.</summary>
internal static class Programs
{
    private const string SolutionName = "Notifications.sln";

    private static readonly string Root = FindRoot();

    /// <summary>The solution that the programs are built from.</summary>
    public static string Solution { get; } = Path.Combine(Root, SolutionName);

    /// <summary>
    /// The built dll of a project of this repository: of the driver's own configuration, which was built with the driver, else
    /// whichever there is.
    /// </summary>
    public static string Built(string project)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var own = Path.Combine(output.Parent!.Name, output.Name);
        var framework = output.Name;
        string[] candidates = [.. new[] { own, Path.Combine("Release", framework), Path.Combine("Debug", framework) }
            .Select(folder => Path.Combine(Root, project, "bin", folder, $"{Path.GetFileName(project)}.dll"))];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"{project} is not built: there is no {candidates[0]}. Run dotnet build -c Release {project}.");
    }

    /// <summary>A file or folder of this repository.</summary>
    public static string InRepository(params string[] path) => Path.Combine([Root, .. path]);

    /// <summary>A program on PATH.</summary>
    public static string Installed(string name, string remedy) =>
        OnPath(name) ?? throw new FileNotFoundException($"{name} is not on PATH. {remedy}");

    public static bool IsInstalled(string name) => OnPath(name) is not null;

    /// <exception cref="InvalidOperationException">The program failed.</exception>
    public static async Task<string> OutputAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output.Trim()
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed: {output}{await errors}");
    }

    private static string? OnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, SolutionName)))
            {
                return directory.FullName;
            }
        }

        throw new FileNotFoundException($"{SolutionName} is in no directory above {AppContext.BaseDirectory}. Run the driver from a clone of the repository.");
    }
}
