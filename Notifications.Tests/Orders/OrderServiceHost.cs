using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Notifications.Messaging;
using Notifications.OrderService;

namespace Notifications.Tests.Orders;

/// <summary>The order service inside the test process, composed as its Program does, on a port that it chooses.</summary>
public sealed class OrderServiceHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<HttpClient> _clients = [];

    private OrderServiceHost(WebApplication app, CapturedLogs logs) => (_app, Logs) = (app, logs);

    public CapturedLogs Logs { get; }

    /// <summary>The scope of the meters of this one service.</summary>
    public IMeterFactory Meters => _app.Services.GetRequiredService<IMeterFactory>();

    /// <param name="redis">Connection string of the Redis to publish to.</param>
    /// <param name="database"><c>ConnectionStrings:orders</c>.</param>
    /// <param name="settings">More of its configuration, such as <c>Outbox:PollInterval</c>.</param>
    public static async Task<OrderServiceHost> StartAsync(string redis, string database, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = typeof(Notifications.OrderService.Orders).Assembly.GetName().Name,
            EnvironmentName = Environments.Development,
        });
        var logs = new CapturedLogs();
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:redis"] = redis,
            ["ConnectionStrings:orders"] = database,
            [TokenNames.DevelopmentKey] = TestTokens.Key,
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));

        builder.AddServiceDefaults();
        builder.AddTokenAuthentication();
        builder.AddRedis();
        builder.Services.AddNotificationPublisher();
        builder.AddErrorResponses("The orders are at /api/orders and /api/orders/{id}.");
        builder.AddOrders();

        var app = builder.Build();
        app.UseErrorResponses();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapDefaultEndpoints();
        app.MapOrders();
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new OrderServiceHost(app, logs);
    }

    /// <summary>A client that calls as this user.</summary>
    public HttpClient As(string user, params string[] roles) => WithToken(TestTokens.Create(user, roles));

    public HttpClient WithToken(string? token)
    {
        var client = new HttpClient { BaseAddress = new Uri(_app.Urls.Single()) };
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        _clients.Add(client);
        return client;
    }

    /// <summary>Stops it as SIGTERM would.</summary>
    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
