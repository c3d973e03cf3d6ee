using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http.Connections;
using Notifications.Testing.Clusters;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Notifications.Tests.Telemetry;
using Xunit;

namespace Notifications.Tests.Attacks;

/// <summary>Everything that the system emits at its most verbose, searched for the tokens that it was given.</summary>
public sealed class TokenLeakTests
{
    private const string HubPath = "/hubs/notifications";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly List<string> _secrets = [];
    private Cluster _cluster = null!;

    private Uri Gateway => new($"http://{_cluster.Gateways[0].EndPoint}");

    [FactWithRedisServer]
    public async Task No_token_stands_in_any_log_span_or_metric_at_the_most_verbose_level()
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var telemetry = await OtlpReceiver.StartAsync(keepsPayloads: true);
        _cluster = await Cluster.StartAsync(
            new ClusterOptions { Hubs = 2, OrderServices = 1, Settings = Verbose(telemetry.Endpoint) }, limit.Token);
        await using var running = _cluster;
        _cluster.KeepsLogs = false;
        _secrets.Add(_cluster.Tokens.Key);

        foreach (var transport in (HttpTransportType[])[HttpTransportType.WebSockets, HttpTransportType.ServerSentEvents, HttpTransportType.LongPolling])
        {
            await UseAsync(transport);
        }

        await SendInQueriesAsync();
        await SendToServicesAsync();
        foreach (var hub in _cluster.Hubs)
        {
            await hub.KillAsync();
        }

        // No hub to reach: first by connections that fail, then with an empty list.
        using var http = new HttpClient { BaseAddress = Gateway };
        for (var i = 0; i < 3; i++)
        {
            using var answer = await http.PostAsync($"{HubPath}/negotiate?negotiateVersion=1&access_token={Token()}", null, limit.Token);
            Assert.False(answer.IsSuccessStatusCode);
        }

        ServerProcess[] processes = [.. _cluster.Gateways, .. _cluster.Hubs, .. _cluster.Orders];
        foreach (var process in processes.Where(process => process.IsRunning))
        {
            // A stop sends what is left.
            await process.StopAsync(limit.Token);
        }

        var emitted = processes.Select(process => (process.Name, Text: File.ReadAllText(process.LogFile)))
            .Concat(telemetry.Payloads.Select((payload, i) => (Name: $"OTLP request {i}", Text: Encoding.UTF8.GetString(payload.Span))))
            .ToArray();
        // That it was at its most verbose, and that all three kinds of telemetry came.
        Assert.All(processes, process => Assert.Contains("trce: ", emitted.Single(each => each.Name == process.Name).Text, StringComparison.Ordinal));
        foreach (var known in (string[])["notifications.handshakes", "Request finished", "Yarp.ReverseProxy", "Microsoft.AspNetCore.Authentication", HubPath])
        {
            Assert.Contains(emitted, each => each.Name.StartsWith("OTLP", StringComparison.Ordinal) && each.Text.Contains(known, StringComparison.Ordinal));
        }

        Assert.Empty(
            from secret in _secrets
            from each in emitted
            let at = each.Text.IndexOf(secret, StringComparison.Ordinal)
            where at >= 0
            select $"{each.Name}: …{each.Text[Math.Max(0, at - 300)..at]}<token>");
    }

    private static Dictionary<string, string> Verbose(string endpoint) => new()
    {
        ["Logging__LogLevel__Default"] = "Trace",
        // These come before what the services set for single categories.
        ["Logging__Console__LogLevel__Default"] = "Trace",
        ["Logging__OpenTelemetry__LogLevel__Default"] = "Trace",
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint,
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        ["Gateway__DrainNotice"] = "00:00:00",
        ["Gateway__DrainWindow"] = "00:00:00",
        ["Instance__DrainWindow"] = "00:00:00",
    };

    /// <summary>A session with publishes, acknowledgements, refused calls, and its end.</summary>
    private async Task UseAsync(HttpTransportType transport)
    {
        var user = RedisServers.Unique("user");
        var token = Token(user);
        await using var client = await HubClient.ConnectAsync(Gateway, http =>
        {
            http.Transports = transport;
            http.AccessTokenProvider = () => Task.FromResult<string?>(token);
        }, "laptop");
        var published = await _cluster.Publisher.PublishAsync(StreamName.User(user), TestMessaging.Numbered(1));
        await Eventually.True(() => client.Received.Count == 1, "the notification");
        await client.InvokeAsync("Acknowledge", $"user:{user}", published.Epoch, published.Offset);
        await Assert.ThrowsAnyAsync<Exception>(() => client.InvokeAsync("Subscribe", "user:another", null));
        await Assert.ThrowsAnyAsync<Exception>(() => client.InvokeAsync("Unknown"));
    }

    /// <summary>Every way that a token gets into a query, where it counts and where it does not.</summary>
    private async Task SendInQueriesAsync()
    {
        using (var socket = new ClientWebSocket())
        {
            await socket.ConnectAsync(new UriBuilder(Gateway) { Scheme = "ws", Path = HubPath, Query = $"access_token={Token()}" }.Uri, default);
            await socket.SendAsync(Encoding.UTF8.GetBytes("{\"protocol\":\"json\",\"version\":1}\u001e{\"type\":\u001e"), WebSocketMessageType.Text, endOfMessage: true, default);
            using var limit = new CancellationTokenSource(Limit);
            // Half a message is no JSON: the hub closes.
            while ((await socket.ReceiveAsync(new byte[4_096], limit.Token)).MessageType != WebSocketMessageType.Close)
            {
            }
        }

        using var http = new HttpClient { BaseAddress = Gateway };
        foreach (var (path, parameter) in (IEnumerable<(string, string)>)
        [
            .. new[] { "", "/negotiate", "/garbage/%2e%2e", "?id=nobody" }.Select(rest => (HubPath + rest, "access_token")),
            (HubPath + "/negotiate", "Access_Token"), (HubPath + "/negotiate", "acce%73s_token"), (HubPath + "/negotiate", "x=1&access_token"),
            ("/", "access_token"), ("/api/orders", "access_token"), ("/api/notifications", "access_token"), ("/dev/token", "access_token"),
            ("/nowhere", "access_token"), ("/notifications.js", "access_token"), ("/health", "access_token"),
        ])
        {
            foreach (var token in (string[])[Token(), Expired(), Token() + "x", $"{Token()}&access_token={Token()}"])
            {
                foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Post, HttpMethod.Options])
                {
                    using var request = new HttpRequestMessage(method, $"{path}{(path.Contains('?') ? '&' : '?')}{parameter}={token}");
                    request.Headers.Accept.ParseAdd("text/event-stream");
                    using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                }
            }
        }
    }

    /// <summary>In the header, good and not, through the gateway and to each service.</summary>
    private async Task SendToServicesAsync()
    {
        Uri[] servers = [Gateway, .. _cluster.Hubs.Select(hub => new Uri($"http://{hub.EndPoint}")), _cluster.Orders[0].Address];
        foreach (var server in servers)
        {
            using var http = new HttpClient { BaseAddress = server };
            foreach (var token in (string[])[Token(), Expired(), Token() + "x", Token()[..^4], "Bearer " + Token()])
            {
                foreach (var path in (string[])["/api/orders", "/api/notifications", "/api/users/ann/connections", HubPath + "/negotiate", "/nowhere"])
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("{", Encoding.UTF8, "application/json") };
                    request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
                    using var answer = await http.SendAsync(request);
                }
            }
        }
    }

    private string Token(string? user = null) => Remember(_cluster.Tokens.Issue(user ?? RedisServers.Unique("user"), "staff", "publisher"));

    private string Expired() => Remember(TestTokens.Create(RedisServers.Unique("user"), key: _cluster.Tokens.Key, lifetime: TimeSpan.FromMinutes(-5)));

    /// <summary>The header is the same in every token; the claims and the signature are this one's.</summary>
    private string Remember(string token)
    {
        _secrets.AddRange(token.Split('.')[1..]);
        return token;
    }
}
