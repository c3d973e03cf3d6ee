using Notifications.Testing.Clusters;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Notifications.Tests.WholeSystem;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Hosting;

/// <summary>Ctrl-C in the AppHost ends Redis and its users at the same moment. Not beside other tests, since it has a time limit.</summary>
[Collection(OwnSystem.Name)]
public sealed class StopWithoutRedisTests : IDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(2);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-stop-");
    private readonly Watchdog _watchdog = new();
    private readonly HttpClient _http = new();

    [FactWithRedisServer]
    public async Task A_hub_with_clients_that_loses_Redis_while_it_stops_ends_within_2_s_and_logs_no_error()
    {
        await using var redis = new RedisProcess(_directory, _watchdog, []);
        await redis.StartAsync(CancellationToken.None);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        await using var messaging = TestMessaging.On(connection);
        await using var hub = new HubProcess("hub", _directory, _watchdog, messaging.Registry, _http, redis: null, new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ConnectionStrings__redis"] = redis.ConnectionString,
            ["Authentication__DevelopmentKey"] = TestTokens.Key,
        });
        await hub.StartAsync(CancellationToken.None);
        // It knows no "reconnect", and a drain would wait for it.
        await using var client = await HubClient.ConnectAsync(
            new Uri($"http://{hub.EndPoint}"), options => options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create("ann")), device: "phone");

        var stopped = hub.StopAsync(CancellationToken.None);
        await redis.KillAsync();

        await stopped.WaitAsync(StopLimit);
        Assert.Equal([], File.ReadLines(hub.LogFile).Where(line => line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal)));
    }

    public void Dispose()
    {
        _watchdog.Dispose();
        _http.Dispose();
        _directory.Delete(recursive: true);
    }
}
