using Xunit;

namespace Notifications.Tests.Redis;

public sealed class RedisServersTests(RedisServers servers) : IClassFixture<RedisServers>
{
    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_server_answers_and_runs_Lua(RedisKind kind)
    {
        var database = (await servers.GetAsync(kind)).Connection.GetDatabase();
        Assert.Equal(3, (int)await database.ScriptEvaluateAsync("return 1 + 2"));
    }

    [FactWithRedisServer]
    public void Tests_of_Redis_code_run_on_redis_server_too() => Assert.Equal(2, RedisServers.Installed.Count);
}
