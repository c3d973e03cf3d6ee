using System.Text.Json;
using Notifications.Client;
using Notifications.Hubs.Operators;
using Notifications.Messaging.Registry;
using Notifications.Tests.Client;
using Notifications.Tests.Gateway;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Operators;

/// <summary>Two hubs that are in the registry and a gateway before them, on a Redis of a test's choice.</summary>
internal sealed class OperatedSystem : IAsyncDisposable
{
    private static readonly TimeSpan FirstConnectionLimit = TimeSpan.FromSeconds(15);

    private static readonly (string Key, string Value)[] HubSettings = [("Instance:RefreshInterval", "00:00:00.100"), ("Instance:DrainWindow", "00:00:00.300")];

    private OperatedSystem(HubHost first, HubHost second, RunningGateway gateway, TestMessaging messaging) =>
        (First, Second, Gateway, Messaging) = (first, second, gateway, messaging);

    public HubHost First { get; }

    public HubHost Second { get; }

    public RunningGateway Gateway { get; }

    public TestMessaging Messaging { get; }

    public static async Task<OperatedSystem> StartAsync(RedisServer redis, params (string Key, string Value)[] hubSettings)
    {
        var first = await StartHubAsync(redis.ConnectionString, hubSettings);
        var second = await StartHubAsync(redis.ConnectionString, hubSettings);
        var gateway = await RunningGateway.StartAsync(shared: redis);
        await Eventually.True(() => gateway.Hubs.Count(hub => !hub.Draining) == 2, "the gateway to know both hubs");
        return new OperatedSystem(first, second, gateway, TestMessaging.On(redis.Connection));
    }

    /// <summary>Returns when it is in the registry and hears what other hubs ask.</summary>
    public static async Task<HubHost> StartHubAsync(string redis, params (string Key, string Value)[] settings)
    {
        var hub = await HubHost.StartInstanceAsync(redis, [.. HubSettings.ExceptBy(settings.Select(setting => setting.Key), setting => setting.Key), .. settings]);
        await Eventually.True(async () => (await hub.Service<InstanceRegistry>().ListAsync()).Any(instance => instance.Id == hub.Id), "the hub to be in the registry");
        await Eventually.True(async () => (await hub.Service<HubQuestions>().AskForConnectionsAsync("nobody", [hub.Id])).ContainsKey(hub.Id), "the hub to hear questions");
        return hub;
    }

    /// <summary>An operator who calls through the gateway.</summary>
    public HttpClient Operator() => Gateway.Browser(TestTokens.Create("olga", [TokenNames.OperatorRole]));

    /// <summary>A client that resumes, through the gateway.</summary>
    public Task<RecordingClient> ConnectAsync(string user, string device) => RecordingClient.ConnectAsync(
        new NotificationClientOptions
        {
            Url = new Uri(Gateway.Address, RunningGateway.HubPath),
            AccessToken = _ => Task.FromResult<string?>(TestTokens.Create(user)),
            Device = device,
            MinDelay = TimeSpan.FromMilliseconds(20),
            MaxDelay = TimeSpan.FromMilliseconds(200),
        },
        (_, _) => Task.CompletedTask,
        FirstConnectionLimit);

    /// <summary>A plain SignalR client, through the gateway.</summary>
    public Task<HubClient> ConnectPlainAsync(string user) => HubClient.ConnectAsync(
        Gateway.Address, options => options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(user)));

    public async ValueTask DisposeAsync()
    {
        await Messaging.DisposeAsync();
        await Gateway.DisposeAsync();
        await First.DisposeAsync();
        await Second.DisposeAsync();
    }
}

internal static class OperatorCalls
{
    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage answer)
    {
        using (answer)
        {
            var body = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.IsSuccessStatusCode, $"{answer.RequestMessage?.RequestUri} was answered {answer.StatusCode}: {body}");
            return JsonElement.Parse(body);
        }
    }

    /// <summary>What the instance says of itself, to an operator.</summary>
    public static async Task<JsonElement?> StatusAsync(this HttpClient operators, string instance)
    {
        var list = await (await operators.GetAsync("/api/operator/instances")).JsonAsync();
        return list.GetProperty("instances").EnumerateArray().Where(each => each.GetProperty("id").GetString() == instance)
            .Select(each => (JsonElement?)each.GetProperty("status")).SingleOrDefault();
    }

    public static async Task<string?> StateAsync(this HttpClient operators, string instance) =>
        (await operators.StatusAsync(instance))?.GetProperty("state").GetString();

    public static async Task<JsonElement> FindAsync(this HttpClient operators, string user, string query = "") =>
        await (await operators.GetAsync($"/api/operator/users/{Uri.EscapeDataString(user)}{query}")).JsonAsync();
}
