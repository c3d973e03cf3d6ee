using System.Net.Http.Headers;
using Microsoft.Extensions.Hosting;
using Notifications.Testing.Clusters;
using Notifications.Tests.Messaging;
using StackExchange.Redis;

namespace Notifications.Tests.Orders;

/// <summary>
/// Redis and order services as processes that a test kills, pauses and starts again, and one database. What Redis has answered
/// for is on its disk.
/// </summary>
internal sealed class OrdersUnderFaults : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-orders-");
    private readonly Watchdog _watchdog = new();
    private readonly HttpClient _http = new();
    private readonly List<OrderServiceProcess> _services = [];
    private readonly List<HttpClient> _clients = [];
    private readonly OrderDatabase _database;
    private IConnectionMultiplexer? _redis;

    private OrdersUnderFaults(OrderDatabase database)
    {
        _database = database;
        Redis = new RedisProcess(_directory, _watchdog, ["--appendonly", "yes", "--appendfsync", "always"]);
    }

    public RedisProcess Redis { get; }

    /// <summary>Gives up on a silent Redis sooner than services do by default, so that a test sees it happen.</summary>
    public string RedisConnectionString => $"{Redis.ConnectionString},asyncTimeout=1000,syncTimeout=1000";

    /// <summary>The test's own link to Redis; there once Redis has started.</summary>
    public TestMessaging Messaging => TestMessaging.On(_redis ?? throw new InvalidOperationException("Redis has not started."));

    public static async Task<OrdersUnderFaults> StartAsync(OrderDatabase database)
    {
        var setup = new OrdersUnderFaults(database);
        try
        {
            await setup.StartRedisAsync();
            return setup;
        }
        catch
        {
            await setup.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, the first time or again, on the same port and with what it had on its disk.</summary>
    public async Task StartRedisAsync()
    {
        using var limit = new CancellationTokenSource(StartLimit);
        await Redis.StartAsync(limit.Token);
        _redis ??= await ConnectionMultiplexer.ConnectAsync($"{Redis.ConnectionString},abortConnect=false,allowAdmin=true");
    }

    /// <summary>So many more replicas, started side by side.</summary>
    /// <param name="count">How many.</param>
    /// <param name="patient">As they are by default: a machine that is busy for a second or two is no fault to them.</param>
    public async Task<IReadOnlyList<OrderServiceProcess>> StartServicesAsync(int count, bool patient = false)
    {
        var settings = new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = Environments.Development,
            ["Authentication__DevelopmentKey"] = TestTokens.Key,
            ["ConnectionStrings__redis"] = patient ? Redis.ConnectionString : RedisConnectionString,
            ["ConnectionStrings__orders"] = _database.ConnectionString,
            ["Logging__LogLevel__Default"] = "Warning",
            ["Logging__LogLevel__Notifications"] = "Information",
        };
        if (!patient)
        {
            // Twice what they wait for Redis.
            settings["Outbox__Lease"] = "00:00:02";
        }

        OrderServiceProcess[] services = [.. Enumerable.Range(1, count).Select(number => new OrderServiceProcess($"orders-{_services.Count + number}", _directory, _watchdog, _http, settings))];
        _services.AddRange(services);
        await Task.WhenAll(services.Select(StartAsync));
        return services;
    }

    /// <summary>Starts a killed service again.</summary>
    public static async Task StartAsync(OrderServiceProcess service)
    {
        using var limit = new CancellationTokenSource(StartLimit);
        await service.StartAsync(limit.Token);
    }

    /// <summary>A client that calls as this user.</summary>
    public HttpClient As(OrderServiceProcess service, string user, params string[] roles)
    {
        var client = new HttpClient { BaseAddress = service.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TestTokens.Create(user, roles));
        _clients.Add(client);
        return client;
    }

    /// <summary>How many notifications the services found to be in Redis already.</summary>
    public int Duplicates() => _services
        .Where(service => File.Exists(service.LogFile))
        .Sum(service => File.ReadLines(service.LogFile).Count(line => line.Contains("had been published before", StringComparison.Ordinal)));

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }

        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }

        await Redis.DisposeAsync();
        _http.Dispose();
        _watchdog.Dispose();
        _directory.Delete(recursive: true);
    }
}
