namespace Notifications.Tests;

/// <summary>Programs of this machine that tests can use where they are installed.</summary>
public static class Executables
{
    /// <returns>The path of the first of <paramref name="names"/> that is on PATH, or null.</returns>
    public static string? Find(params IEnumerable<string> names)
    {
        var directories = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        return names.SelectMany(name => directories.Select(directory => Path.Combine(directory, name))).FirstOrDefault(File.Exists);
    }
}
