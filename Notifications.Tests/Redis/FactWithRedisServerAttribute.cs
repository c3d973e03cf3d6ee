using Xunit;

namespace Notifications.Tests.Redis;

/// <summary>A test of what only the real server does: skipped, and so reported, where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FactWithRedisServerAttribute : FactAttribute
{
    public FactWithRedisServerAttribute() =>
        Skip = RedisServerProcess.IsInstalled ? null : "redis-server is not on PATH. Install Debian's package redis-server.";
}
