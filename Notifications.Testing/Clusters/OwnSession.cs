namespace Notifications.Testing.Clusters;

/// <summary><c>setsid</c> (Linux) runs a command outside the terminal's process group, in the same process.</summary>
internal static class OwnSession
{
    public const string Command = "setsid";

    public static bool IsAvailable { get; } = OperatingSystem.IsLinux() &&
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, Command)));
}
