using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Notifications.Hubs;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Instances;
using Notifications.Hubs.Operators;

namespace Notifications.Tests.Hub;

/// <summary>A hub inside the test process, on a port that it chooses. Unless it is started as an instance it does not enter the registry: tests connect to it directly.</summary>
internal sealed class HubHost(WebApplication app, CapturedLogs logs) : IAsyncDisposable
{
    /// <summary>What ends a message in SignalR's JSON.</summary>
    public const char RecordEnd = '\u001e';

    public Uri Address => new(app.Urls.Single());

    public IEnumerable<string> Logs => logs.All.Select(log => log.Message);

    public string Id => Service<Instance>().Id;

    public int Connections => Service<ConnectionDeliveries>().Count;

    public IEnumerable<CapturedLog> Captured => logs.All;

    /// <summary>Returns when it takes clients.</summary>
    /// <param name="redis">Connection string of its Redis.</param>
    /// <param name="settings">Configuration beyond that.</param>
    public static Task<HubHost> StartAsync(string redis, params (string Key, string Value)[] settings) => StartAsync(redis, _ => { }, settings);

    /// <inheritdoc cref="StartAsync(string, ValueTuple{string, string}[])"/>
    /// <param name="redis">Connection string of its Redis.</param>
    /// <param name="configure">What a test has otherwise than a service.</param>
    /// <param name="settings">Configuration beyond that.</param>
    public static Task<HubHost> StartAsync(string redis, Action<WebApplicationBuilder> configure, params (string Key, string Value)[] settings) =>
        StartAsync(redis, configure, _ => { }, settings);

    /// <inheritdoc cref="StartAsync(string, Action{WebApplicationBuilder}, ValueTuple{string, string}[])"/>
    /// <param name="redis">Connection string of its Redis.</param>
    /// <param name="configure">What a test has otherwise than a service.</param>
    /// <param name="map">Endpoints that a test has besides.</param>
    /// <param name="settings">Configuration beyond that.</param>
    public static async Task<HubHost> StartAsync(
        string redis, Action<WebApplicationBuilder> configure, Action<WebApplication> map, params (string Key, string Value)[] settings)
    {
        var hub = await StartWithoutRedisAsync(redis, configure, map, settings);
        await Eventually.True(hub.IsReadyAsync, "the hub to be ready");
        return hub;
    }

    /// <summary>One that enters the registry, so that gateways send it clients and operators see it.</summary>
    /// <inheritdoc cref="StartAsync(string, ValueTuple{string, string}[])"/>
    public static Task<HubHost> StartInstanceAsync(string redis, params (string Key, string Value)[] settings) =>
        StartInstanceAsync(redis, _ => { }, _ => { }, settings);

    /// <summary>One that enters the registry, so that gateways send it clients and operators see it.</summary>
    /// <inheritdoc cref="StartAsync(string, Action{WebApplicationBuilder}, Action{WebApplication}, ValueTuple{string, string}[])"/>
    public static Task<HubHost> StartInstanceAsync(
        string redis, Action<WebApplicationBuilder> configure, Action<WebApplication> map, params (string Key, string Value)[] settings) => StartAsync(
        redis,
        builder =>
        {
            builder.AddInstance();
            builder.AddOperators();
            configure(builder);
        },
        map,
        settings);

    /// <summary>Returns when it listens, whether it reaches Redis or not.</summary>
    /// <param name="redis">Connection string of its Redis.</param>
    /// <param name="settings">Configuration beyond that.</param>
    public static Task<HubHost> StartWithoutRedisAsync(string redis, params (string Key, string Value)[] settings) =>
        StartWithoutRedisAsync(redis, _ => { }, _ => { }, settings);

    /// <inheritdoc cref="StartWithoutRedisAsync(string, ValueTuple{string, string}[])"/>
    /// <param name="redis">Connection string of its Redis.</param>
    /// <param name="configure">What a test has otherwise than a service.</param>
    /// <param name="map">Endpoints that a test has besides.</param>
    /// <param name="settings">Configuration beyond that.</param>
    public static async Task<HubHost> StartWithoutRedisAsync(
        string redis, Action<WebApplicationBuilder> configure, Action<WebApplication> map, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = typeof(NotificationHub).Assembly.GetName().Name,
            EnvironmentName = Environments.Development,
        });
        var logs = new CapturedLogs();
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(
        [
            new("ConnectionStrings:redis", redis),
            new(TokenNames.DevelopmentKey, TestTokens.Key),
            .. settings.Select(setting => new KeyValuePair<string, string?>(setting.Key, setting.Value)),
        ]);
        builder.AddServiceDefaults();
        builder.AddHubAlone();
        builder.Services.AddSingleton<Instance>();
        configure(builder);

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapHubAlone();
        if (app.Services.GetService<HubQuestions>() is not null)
        {
            app.MapOperators();
        }

        map(app);
        await app.StartAsync();
        return new HubHost(app, logs);
    }

    public Task<HubClient> ConnectAsync(string user, string? device = null) => HubClient.ConnectAsync(
        Address, options => options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(user)), device);

    /// <summary>Says the messages over a bare WebSocket, and returns the last one of the hub before it closes.</summary>
    public async Task<string> LastSaidAsync(string user, string messages) => (await AllSaidAsync(user, messages))[^1];

    /// <summary>The same, and returns all that the hub says after its part of the handshake.</summary>
    public async Task<string[]> AllSaidAsync(string user, string messages = "", string device = "")
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {TestTokens.Create(user)}");
        await socket.ConnectAsync(new Uri($"ws://{Address.Authority}/hubs/notifications?device={device}"), limit.Token);
        await socket.SendAsync(Encoding.UTF8.GetBytes($$"""{"protocol":"json","version":1}{{RecordEnd}}{{messages}}"""), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
        var said = new StringBuilder();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, limit.Token) is { MessageType: not WebSocketMessageType.Close } received)
        {
            said.Append(Encoding.UTF8.GetString(buffer, 0, received.Count));
        }

        return said.ToString().Split(RecordEnd, StringSplitOptions.RemoveEmptyEntries)[1..];
    }

    public Task<bool> IsReadyAsync() => SucceedsAsync("/health");

    public Task<bool> IsAliveAsync() => SucceedsAsync("/alive");

    /// <summary>For the caller's plain HTTP requests.</summary>
    public HttpClient As(string user, params string[] roles)
    {
        var http = new HttpClient { BaseAddress = Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TestTokens.Create(user, roles));
        return http;
    }

    public T Service<T>() where T : notnull => app.Services.GetRequiredService<T>();

    /// <summary>What a drain tells every client.</summary>
    public Task TellToReconnectAsync(TimeSpan delay) =>
        Service<ConnectionDeliveries>().TellToReconnectAsync(() => delay);

    /// <summary>What SIGTERM begins; the hub is not stopped after it.</summary>
    public Task DrainAsync() => Service<IDrain>().RunAsync();

    /// <summary>As a process does on SIGTERM. Disposing alone waits for nothing that is under way, as a kill.</summary>
    public Task StopAsync() => app.StopAsync();

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task<bool> SucceedsAsync(string path)
    {
        using var http = new HttpClient { BaseAddress = Address };
        using var response = await http.GetAsync(path);
        return response.IsSuccessStatusCode;
    }
}
