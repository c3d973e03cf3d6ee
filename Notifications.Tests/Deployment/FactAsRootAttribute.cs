using Xunit;

namespace Notifications.Tests.Deployment;

/// <summary>
/// A test that starts programs in a root directory of their own, as containers are, and without an engine: skipped, and so reported, where it
/// may not.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FactAsRootAttribute : FactAttribute
{
    public FactAsRootAttribute() => Skip = Reason();

    private static string? Reason() =>
        !OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess ? "Only root of a Linux machine may start a program in another root directory. Run the tests as root."
        : Executables.Find("unshare") is null || Executables.Find("setpriv") is null ? "unshare or setpriv is not on PATH. Install Debian's package util-linux."
        : Redis.RedisServerProcess.IsInstalled ? null
        : Redis.FactWithRedisServerAttribute.Remedy;
}
