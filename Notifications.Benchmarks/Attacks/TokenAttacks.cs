using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.IdentityModel.Tokens;
using Notifications.Testing.Clusters;
using Notifications.Messaging;

namespace Notifications.Benchmarks.Attacks;

/// <summary>Those of an authority's keys are in the tests: this cluster has a Development key.</summary>
internal sealed class ForgedTokens() : AttackScenario(
    "forged-tokens",
    "WebSockets, negotiations and calls with a token that is missing, expired, unsigned, of another audience, issuer or key, changed to another user, or in the query outside the hub's path")
{
    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var good = stage.Token("mallory");
        var another = new DevelopmentTokens(RandomNumberGenerator.GetHexString(64));
        var tokens = stage.Cluster.Tokens;
        string?[] forged =
        [
            null, "abc", tokens.Issue("mallory", token => (token.NotBefore, token.Expires) = (DateTime.UtcNow.AddMinutes(-1), DateTime.UtcNow.AddSeconds(-11))), tokens.Issue("mallory", token => token.NotBefore = DateTime.UtcNow.AddMinutes(1)),
            tokens.Issue("mallory", token => token.Audience = "another"), tokens.Issue("mallory", token => token.Issuer = "https://issuer.test"),
            $"{Encode("""{"alg":"none","typ":"JWT"}""")}.{good.Split('.')[1]}.", another.Issue("mallory"), WithUser(good, "victim"),
        ];
        var times = stage.Length(50, 3);
        for (var i = 0; i < times; i++)
        {
            foreach (var (number, token) in forged.Index())
            {
                using var http = stage.Http(token);
                using var negotiated = await http.PostAsync("/hubs/notifications/negotiate?negotiateVersion=1", null, cancellationToken);
                using var opened = await http.SendAsync(Upgrade(), cancellationToken);
                using var read = await http.GetAsync("/api/notifications", cancellationToken);
                stage.Require(
                    (negotiated.StatusCode, opened.StatusCode, read.StatusCode) == (HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized),
                    $"401 to each with token {number}, but {negotiated.StatusCode}, {opened.StatusCode}, {read.StatusCode}");
            }

            using var bare = stage.Http();
            using var inQuery = await bare.GetAsync($"/api/notifications?access_token={good}", cancellationToken);
            stage.Require(inQuery.StatusCode == HttpStatusCode.Unauthorized, $"401 to a token in the query, but {inQuery.StatusCode}");
        }

        return $"401 to all {times * ((3 * forged.Length) + 1)}, with what is wrong";
    }

    private static HttpRequestMessage Upgrade()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/hubs/notifications");
        request.Headers.Add("Connection", "Upgrade");
        request.Headers.Add("Upgrade", "websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)));
        return request;
    }

    private static string WithUser(string token, string user)
    {
        var parts = token.Split('.');
        return $"{parts[0]}.{Encode(Base64UrlEncoder.Decode(parts[1]).Replace("mallory", user, StringComparison.Ordinal))}.{parts[2]}";
    }

    private static string Encode(string text) => Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes(text));
}

internal sealed class OthersStreams() : AttackScenario(
    "others-streams",
    "With the attacker's own valid token: another user's stream, acknowledgements and session, and forged affinity cookies")
{
    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var victim = StreamName.User("victim-of-another");
        var position = await stage.Cluster.Publisher.PublishAsync(victim, Notification.Create("PRIVATE", new { }), cancellationToken);
        await using var session = Connection(stage, victim.Id);
        await session.StartAsync(cancellationToken);
        await using var hub = Connection(stage, "mallory");
        var heard = 0;
        hub.On<object>("notification", _ => heard++);
        await hub.StartAsync(cancellationToken);
        using var http = stage.Http(stage.Token("mallory"));
        var times = stage.Length(50, 5);
        for (var i = 0; i < times; i++)
        {
            await RefusedAsync(stage, () => hub.InvokeAsync("Subscribe", victim.Value, null, cancellationToken));
            await RefusedAsync(stage, () => hub.InvokeAsync("Acknowledge", victim.Value, position.Epoch, position.Offset, cancellationToken));
            using var taken = await http.PostAsync($"/hubs/notifications?id={session.ConnectionId}", new StringContent("{\"type\":6}\u001e"), cancellationToken);
            stage.Require(taken.StatusCode == HttpStatusCode.NotFound, $"404 to another's session, but {taken.StatusCode}");
            using var forged = new HttpRequestMessage(HttpMethod.Post, "/hubs/notifications/negotiate?negotiateVersion=1");
            forged.Headers.TryAddWithoutValidation("Cookie", $".Notifications.Affinity={RandomNumberGenerator.GetHexString(16)}");
            using var negotiated = await http.SendAsync(forged, cancellationToken);
            stage.Require(
                negotiated.StatusCode is HttpStatusCode.OK or HttpStatusCode.TooManyRequests, $"some hub to a forged cookie, but {negotiated.StatusCode}");
            // As often as one connection may call.
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
        }

        stage.Require(heard == 0, $"none of the other's notifications, but {heard}");
        var cursors = await stage.Cluster.RedisConnection.GetDatabase().HashGetAllAsync(stage.Cluster.Names.Cursors(victim));
        stage.Require(cursors.All(cursor => (long)cursor.Value < position.Offset), "the other's cursors where they were");
        return $"an error of the call to all {2 * times}, 404 to all {times}; a forged cookie leads to some hub, as none does";
    }

    private static HubConnection Connection(AttackStage stage, string user) => new HubConnectionBuilder()
        .WithUrl($"http://{stage.Gateway}/hubs/notifications?device=laptop", options => options.AccessTokenProvider = () => Task.FromResult<string?>(stage.Token(user)))
        .Build();

    private static async Task RefusedAsync(AttackStage stage, Func<Task> call)
    {
        try
        {
            await call();
            stage.Require(false, "an error of the call, but it was taken");
        }
        catch (HubException exception)
        {
            stage.Require(exception.Message.Contains("may not read", StringComparison.Ordinal), $"that one may not, but \"{exception.Message}\"");
        }
    }
}
