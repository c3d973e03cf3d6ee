using System.Net;
using System.Net.Http.Json;
using Notifications.Testing.Clusters;
using Notifications.Messaging;
using Notifications.Messaging.Redis;
using Notifications.Tests.Redis;
using Notifications.Tests.Tokens;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>
/// Every option of the Redis connection string counts on every connection of a service, or the service does not start. User and password:
/// <see cref="LiveChannelsTests"/>; <c>serviceName</c>: <see cref="FailoverTests"/>.
/// </summary>
public sealed class ConnectionStringTests : IAsyncLifetime
{
    private readonly RedisProcesses _servers = new();
    private readonly string _user = RedisServers.Unique("user");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _servers.DisposeAsync();

    [FactWithRedisServer]
    public async Task Another_database_has_all_keys_and_what_is_published_arrives()
    {
        var redis = await _servers.StartAsync();

        await PublishAndReceiveAsync($"{redis.ConnectionString},defaultDatabase=1");

        Assert.Equal("0", await redis.SendAsync("-n", "0", "DBSIZE"));
        Assert.NotEqual("0", await redis.SendAsync("-n", "1", "DBSIZE"));
    }

    [FactWithRedisServer]
    public async Task Another_database_has_what_replicas_confirm()
    {
        var redis = await _servers.StartAsync();
        await _servers.StartReplicaAsync(redis.EndPoint.Port);

        await PublishAndReceiveAsync($"{redis.ConnectionString},defaultDatabase=1", ("Notifications:WaitForReplicas", "1"));

        Assert.Equal("0", await redis.SendAsync("-n", "0", "DBSIZE"));
    }

    [FactWithRedisServer]
    public async Task The_host_of_the_certificate_may_be_another_than_the_one_connected_to()
    {
        using var certificates = new TestCertificates();
        var port = FreePorts.Next();
        await _servers.StartAsync(["--bind", "127.0.0.1", "127.0.0.2", .. certificates.RedisArguments(port)]);
        var authority = (Notifications.AspNetCore.Redis.AuthorityFile, certificates.AuthorityFile);

        // The certificate is for localhost and 127.0.0.1.
        await PublishAndReceiveAsync($"127.0.0.2:{port},ssl=true,sslHost=localhost", authority);

        await using var other = await HubHost.StartWithoutRedisAsync($"127.0.0.2:{port},ssl=true", authority);
        Assert.False(await other.IsReadyAsync());
    }

    [FactWithRedisServer]
    public async Task Time_limits_that_it_states_replace_the_services_own()
    {
        var redis = await _servers.StartAsync();
        await using var hub = await HubHost.StartAsync($"{redis.ConnectionString},connectTimeout=7000,asyncTimeout=8000,connectRetry=4,configCheckSeconds=9");

        var connections = hub.Service<RedisConnections>();
        Assert.Equal((TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(8)), (connections.ConnectTimeout, connections.AnswerTimeout));
        var shared = hub.Service<IConnectionMultiplexer>().Configuration;
        Assert.All(["connectTimeout=7000", "connectRetry=4", "configCheckSeconds=9"], option => Assert.Contains(option, shared, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_service_that_may_not_start_without_Redis_does_not()
    {
        var failure = await Assert.ThrowsAsync<RedisConnectionException>(() => HubHost.StartWithoutRedisAsync($"127.0.0.1:{FreePorts.Next()},abortConnect=true"));

        Assert.Contains("connect", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("channelPrefix=staging", "has channelPrefix=…. Scripts publish")]
    [InlineData("tunnel=http:127.0.0.1:8080", "has tunnel=….")]
    [InlineData("PROXY=Twemproxy", "has PROXY=….")]
    [InlineData("$SUBSCRIBE=LISTEN", "has $=….")]
    public async Task What_not_every_connection_could_follow_is_refused_by_name(string option, string says)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => HubHost.StartWithoutRedisAsync($"127.0.0.1:6379,{option}"));

        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }

    private async Task PublishAndReceiveAsync(string redis, params (string, string)[] settings)
    {
        await using var hub = await HubHost.StartInstanceAsync(redis, settings);
        await using var client = await hub.ConnectAsync(_user, "laptop");
        using var http = hub.As(_user, Notifications.AspNetCore.TokenNames.PublisherRole);

        using var answer = await http.PostAsJsonAsync("/api/notifications", new { stream = StreamName.User(_user).Value, type = "T", payload = 1 });

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await Eventually.True(() => client.Received.Count == 1, "the notification");
    }
}
