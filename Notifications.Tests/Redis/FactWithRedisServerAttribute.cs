using Xunit;

namespace Notifications.Tests.Redis;

/// <summary>A test of what only the real server does: skipped, and so reported, where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FactWithRedisServerAttribute : FactAttribute
{
    internal const string Remedy = "redis-server is not on PATH. Install Debian's package redis-server.";

    public FactWithRedisServerAttribute() => Skip = RedisServerProcess.IsInstalled ? null : Remedy;
}

/// <inheritdoc cref="FactWithRedisServerAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TheoryWithRedisServerAttribute : TheoryAttribute
{
    public TheoryWithRedisServerAttribute() => Skip = RedisServerProcess.IsInstalled ? null : FactWithRedisServerAttribute.Remedy;
}
