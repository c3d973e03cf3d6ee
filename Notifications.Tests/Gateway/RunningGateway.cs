using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Notifications.Gateway;
using Notifications.Gateway.Sessions;
using Notifications.Messaging.Registry;
using Notifications.Tests.Redis;
using Notifications.Transport;
using Yarp.ReverseProxy;

namespace Notifications.Tests.Gateway;

/// <summary>The gateway in this process, on a free port, with a Redis of its own unless it is given one.</summary>
internal sealed class RunningGateway : IAsyncDisposable
{
    public const string HubPath = Proxy.HubsPath + "/notifications";

    /// <summary>Of a hub class of an adopter's own.</summary>
    public const string OtherHubPath = Proxy.HubsPath + "/own/prices";

    private readonly WebApplication _app;
    private readonly bool _ownsRedis;

    private RunningGateway(WebApplication app, RedisServer redis, bool ownsRedis)
    {
        (_app, _ownsRedis) = (app, ownsRedis);
        Redis = redis;
        Registry = new InstanceRegistry(redis.Connection, Names.Default);
    }

    public RedisServer Redis { get; }

    public InstanceRegistry Registry { get; }

    public CapturedLogs Logs { get; } = new();

    public Uri Address => new(_app.Urls.Single());

    public IReadOnlyList<HubInstance> Hubs => _app.Services.GetRequiredService<HubDestinations>().Instances ?? [];

    /// <summary>What its instruments belong to.</summary>
    public IMeterFactory Meters => _app.Services.GetRequiredService<IMeterFactory>();

    /// <summary>How many sessions are open through it.</summary>
    public int Sessions => _app.Services.GetRequiredService<OpenSessions>().Count;

    /// <summary>How many of them go over links.</summary>
    public int LinkedSessions => _app.Services.GetService<SessionTransport>()?.Sessions ?? 0;

    /// <summary>How many sessions wait to begin.</summary>
    public int Waiting => _app.Services.GetRequiredService<HandshakeAdmission>().Waiting;

    public static async Task<RunningGateway> StartAsync(
        string environment = "Development", Dictionary<string, string?>? settings = null, RedisServer? shared = null)
    {
        var redis = shared ?? new GarnetInProcess();
        if (shared is null)
        {
            await redis.StartAsync();
        }

        Dictionary<string, string?> all = new()
        {
            ["ConnectionStrings:redis"] = redis.ConnectionString,
            ["Gateway:PollInterval"] = "00:00:00.050",
            [environment == Environments.Development ? TokenNames.DevelopmentKey : "Authentication:Schemes:Bearer:Authority"] =
                environment == Environments.Development ? TestTokens.Key : "https://issuer.test",
            // Most tests are one user, who begins sessions by the dozen.
            ["Gateway:Limits:HandshakesPerUser:PerSecond"] = "0",
            // Everything, so that a test can say what no log holds.
            ["Logging:LogLevel:Default"] = "Trace",
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Trace",
            ["Logging:LogLevel:Yarp"] = "Trace",
        };
        foreach (var (key, value) in settings ?? [])
        {
            all[key] = value;
        }

        var builder = Builder(environment, all);
        builder.AddGateway();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGateway();
        var gateway = new RunningGateway(app, redis, ownsRedis: shared is null);
        app.Services.GetRequiredService<ILoggerFactory>().AddProvider(gateway.Logs);
        await app.StartAsync();
        return gateway;
    }

    /// <summary>A builder as <c>Program</c> has it before <c>AddGateway</c>.</summary>
    public static WebApplicationBuilder Builder(string environment, Dictionary<string, string?> settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            EnvironmentName = environment,
            ContentRootPath = Path.Combine(Repository(), "Notifications.Gateway"),
        });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddServiceDefaults();
        return builder;
    }

    /// <summary>Enters the instances as they are now and waits until the gateway has exactly these.</summary>
    public async Task UseAsync(params HubInstance[] instances)
    {
        foreach (var instance in instances)
        {
            await Registry.RegisterAsync(instance, TimeSpan.FromMinutes(10));
        }

        foreach (var gone in (await Registry.ListAsync()).ExceptBy(instances.Select(i => i.Id), i => i.Id))
        {
            await Registry.RemoveAsync(gone.Id);
        }

        await Eventually.True(() => Hubs.SequenceEqual(instances.OrderBy(i => i.Id, StringComparer.Ordinal)), "the gateway to read the list");
    }

    /// <summary>Waits until each of its instances is given new sessions: one is not while another gateway may not have read of it.</summary>
    public Task SettleAsync()
    {
        var settling = _app.Services.GetRequiredService<IOptions<GatewayOptions>>().Value.PollInterval * HubDestinations.MaxJitter;
        var proxy = _app.Services.GetRequiredService<IProxyStateLookup>();
        return Eventually.True(
            () => proxy.TryGetCluster(Proxy.HubCluster, out var hubs)
                && hubs.Destinations.Count == Hubs.Count
                && hubs.Destinations.Values.All(hub => HubDestination.KnownSinceOf(hub.Model.Config) <= DateTimeOffset.UtcNow - settling),
            "every instance to be given new sessions");
    }

    /// <summary>A browser: it keeps cookies, and follows nothing.</summary>
    public HttpClient Browser(string? token = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false }) { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>Breaks the links, as a network does.</summary>
    public void BreakLinks() => _app.Services.GetRequiredService<SessionTransport>().Dispose();

    /// <summary>What SIGTERM begins; the gateway is not stopped after it.</summary>
    public Task DrainAsync() => _app.Services.GetRequiredService<IDrain>().RunAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        if (_ownsRedis)
        {
            await Redis.DisposeAsync();
        }

        Logs.Dispose();
    }

    /// <summary>Status and detail of an answer that has to be problem details.</summary>
    public static async Task<(HttpStatusCode Status, string? Detail)> ProblemOf(HttpResponseMessage response)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            throw new InvalidOperationException($"{(int)response.StatusCode} came without problem details: {await response.Content.ReadAsStringAsync()}");
        }

        return (response.StatusCode, (await response.Content.ReadFromJsonAsync<ProblemDetails>())!.Detail);
    }

    private static string Repository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Notifications.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException($"No Notifications.sln above {AppContext.BaseDirectory}.");
        }

        return directory.FullName;
    }
}
