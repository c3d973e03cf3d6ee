using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Connections;
using Notifications.Testing.Clusters;
using Notifications.Messaging;
using Notifications.Tests.Operators;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Gateway;

/// <summary>The gateway behind a real nginx.</summary>
public sealed partial class NginxTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private const string WithDefaults = "server { listen 80; location / { proxy_pass http://notifications; } }\nupstream notifications { server gateway-1:8080; }";

    [TheoryWithNginx]
    [InlineData(true, HttpTransportType.WebSockets)]
    [InlineData(true, HttpTransportType.ServerSentEvents)]
    [InlineData(true, HttpTransportType.LongPolling)]
    [InlineData(false, HttpTransportType.ServerSentEvents)]
    [InlineData(false, HttpTransportType.LongPolling)]
    public async Task Notifications_come_through(bool documented, HttpTransportType transport)
    {
        await using var system = await OperatedSystem.StartAsync(await servers.GetAsync(RedisKind.Garnet));
        await using var nginx = await StartAsync(documented ? Documented() : WithDefaults, system.Gateway.Address);
        var user = RedisServers.Unique("user");

        await using var client = await HubClient.ConnectAsync(new Uri($"http://{nginx.Process.EndPoint}"), options =>
        {
            options.Transports = transport;
            options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(user));
        });
        await system.Messaging.PublishAsync(StreamName.User(user), 3);

        await Eventually.True(() => client.Received.Count == 3, "what was published");
    }

    /// <summary>The example of docs/deploy.md.</summary>
    private static string Documented() =>
        Block().Match(File.ReadAllText(Programs.InRepository("docs", "deploy.md"))) is { Success: true } block
            ? block.Groups["example"].Value
            : throw new InvalidOperationException("docs/deploy.md has no block ```nginx with the example.");

    private static async Task<RunningNginx> StartAsync(string servers, Uri gateway)
    {
        var directory = Directory.CreateTempSubdirectory("notifications-nginx-");
        var watchdog = new Watchdog();
        var process = new ListeningProcess("nginx", directory, watchdog, endPoint => Nginx.Command(
            Gateways().Replace(servers, $"server {gateway.Authority};").Replace("listen 80;", $"listen {endPoint};", StringComparison.Ordinal), directory));
        await process.StartAsync(CancellationToken.None);
        return new RunningNginx(process, watchdog, directory);
    }

    [GeneratedRegex("^```nginx\n(?<example>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"server gateway-\d:8080;")]
    private static partial Regex Gateways();

    private sealed record RunningNginx(ListeningProcess Process, Watchdog Watchdog, DirectoryInfo Directory) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Process.DisposeAsync();
            Watchdog.Dispose();
            Directory.Delete(recursive: true);
        }
    }

    private sealed class TheoryWithNginxAttribute : TheoryAttribute
    {
        public TheoryWithNginxAttribute() => Skip = Nginx.IsInstalled ? null : "nginx is not installed.";
    }
}
