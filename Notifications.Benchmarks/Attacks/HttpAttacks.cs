using System.Net;
using System.Text.Json;

namespace Notifications.Benchmarks.Attacks;

internal sealed class ForeignOrigin() : AttackScenario("foreign-origin", "A foreign page opens WebSockets, negotiates and polls with a valid token")
{
    private const string Page = "https://evil.example";

    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var times = stage.Length(200, 20);
        var detail = $"A page of the origin \\\"{Page}\\\" may not use this gateway.";
        using var http = stage.Http(stage.Token("victim"));
        http.DefaultRequestHeaders.Add("Origin", Page);
        for (var i = 0; i < times; i++)
        {
            var opened = await StatusAsync(async () => (await HubSocket.OpenAsync(stage, "victim", cancellationToken, ("Origin", Page))).Dispose());
            using var negotiated = await http.PostAsync("/hubs/notifications/negotiate?negotiateVersion=1", null, cancellationToken);
            using var polled = await http.GetAsync("/hubs/notifications?id=some", cancellationToken);
            stage.Require(
                (opened, negotiated.StatusCode, polled.StatusCode) == (HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden),
                $"403 to each, but {opened}, {negotiated.StatusCode}, {polled.StatusCode}");
            var said = await negotiated.Content.ReadAsStringAsync(cancellationToken);
            stage.Require(said.Contains(detail, StringComparison.Ordinal), $"the reason, but {said}");
            stage.Require(!negotiated.Headers.Contains("Access-Control-Allow-Origin"), "nothing that its page may read");
        }

        return $"403 to all {3 * times}, \"A page of the origin … may not use this gateway.\"";
    }

    private static async Task<HttpStatusCode?> StatusAsync(Func<Task> action)
    {
        try
        {
            await action();
            return HttpStatusCode.SwitchingProtocols;
        }
        catch (HttpRequestException refused)
        {
            return refused.StatusCode;
        }
    }
}

/// <summary>Requests that two servers in a row may read differently (RFC 9112, 11.2), and such as mean another thing than they say.</summary>
internal sealed class Smuggling() : AttackScenario(
    "smuggling",
    "Requests with two lengths, hidden requests, paths that lead elsewhere, and upgrades to other protocols than WebSocket")
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var bearer = $"Authorization: Bearer {stage.Token("smuggler")}\r\n";
        const string hidden = "GET /dev/hidden HTTP/1.1\r\nHost: gateway\r\n\r\n";
        (string Request, string[] Answers)[] cases =
        [
            // Two lengths, and such as only some would read.
            (Post("Content-Length: 5\r\nContent-Length: 6\r\n", "0\r\n\r\n"), ["400"]),
            (Post("Content-Length: 5, 6\r\n", "0\r\n\r\n"), ["400"]),
            // Read as 5, and sent on as 5.
            (Post("Content-Length: +5\r\n", "0\r\n\r\n"), ["400", "403"]),
            (Post("Content-Length: -1\r\n", ""), ["400"]),
            (Post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), ["400", "501"]),
            (Post("Transfer-Encoding: \u000bchunked\r\n", "0\r\n\r\n"), ["400", "501"]),
            (Post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), ["400"]),
            (Post("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFFF\r\n"), ["400"]),
            (Post("Transfer-Encoding: chunked\r\n", "5;x\nabc\r\n0\r\n\r\n"), ["400"]),
            // Header lines that are none, or end too early.
            (Post("X-Broken\r\n", ""), ["400"]),
            (Post("X-Null: \0\r\n", ""), ["400"]),
            (Post(" X-Folded: x\r\n", ""), ["400"]),
            // The path decides which service gets it and which token counts; it has to mean the same to both ends.
            (Get("/hubs/notifications/../../dev/hidden"), ["404"]),
            (Get("/hubs/notifications/%2e%2e/%2e%2e/health"), ["200"]),
            (Get("/api/notifications/..%2f..%2fhealth"), ["404", "405"]),
            (Get("/api/notifications/%252e%252e/%252e%252e/health"), ["404"]),
            (Get("//api/notifications"), ["404"]),
            (Get("/api%2fnotifications"), ["404"]),
            (Get("/API/../hubs/..//health"), ["404"]),
            (Get("http://elsewhere.example/api/nothing"), ["400", "404"]),
            (Get("/api/notifications\\..\\health"), ["404"]),
            (Get("/api/%00"), ["400"]),
            // What no service has.
            ($"TRACE /api/notifications HTTP/1.1\r\nHost: gateway\r\n{bearer}\r\n", ["405"]),
            ("CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n", ["400", "401", "404"]),
            ($"GET /hubs/notifications HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n{bearer}\r\n", ["400"]),
            ($"GET /hubs/notifications HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0\r\n{bearer}\r\n", ["400"]),
            ("GET /alive HTTP/1.1\r\nHost: gateway\r\nHost: elsewhere\r\n\r\n", ["400"]),
            ("GET /alive HTTP/1.1\r\n\r\n", ["400"]),
        ];
        foreach (var (request, answers) in cases)
        {
            var heard = await AskAsync(stage, request, cancellationToken);
            var statuses = Statuses(heard);
            stage.Require(
                statuses.Length == 1 && answers.Contains(statuses[0]),
                $"{string.Join(" or ", answers)} to {JsonSerializer.Serialize(request.Replace(bearer, "", StringComparison.Ordinal))}, but {string.Join(", ", statuses)}");
            stage.Require(!heard.Contains("Server:", StringComparison.OrdinalIgnoreCase), "no word on what server it is");
        }

        // Both lengths: the chunks count, the other is dropped, and what is behind them is a request of its own to nobody but the gateway.
        var both = await AskAsync(stage, Post($"Content-Length: {5 + hidden.Length}\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden), cancellationToken);
        stage.Require(Statuses(both) is ["400", ..] or ["415", "401"] or ["401" or "403" or "415"], $"no more than the gateway's own word on what is hidden, but {string.Join(", ", Statuses(both))}");
        return $"400, 404 or 405 to {cases.Length + 1}, once each; a request hidden behind a body reaches no service";

        string Post(string headers, string body) => $"POST /api/notifications HTTP/1.1\r\nHost: gateway\r\n{bearer}{headers}\r\n{body}";
        string Get(string path) => $"GET {path} HTTP/1.1\r\nHost: gateway\r\n{bearer}\r\n";
    }

    private static async Task<string> AskAsync(AttackStage stage, string request, CancellationToken cancellationToken)
    {
        using var connection = await RawConnection.OpenAsync(stage.Gateway, stage.Source, cancellationToken);
        await connection.SayAsync(request, cancellationToken);
        return await connection.HearAsync(Patience, cancellationToken);
    }

    private static string[] Statuses(string heard) =>
        [.. heard.Split("HTTP/1.1 ")[1..].Select(answer => answer[..3])];
}

internal sealed class UpgradedBodies() : AttackScenario("upgraded-bodies", "Bodies of 25 MB on requests for an upgrade that no service accepts")
{
    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var times = stage.Length(40, 4);
        var body = new byte[25_000_000];
        body.AsSpan().Fill((byte)' ');
        using var http = stage.Http(stage.Token("upgrader"));
        for (var i = 0; i < times; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, "/api/devices/d1") { Content = new ByteArrayContent(body) };
            request.Headers.TryAddWithoutValidation("Upgrade", "x");
            if (i % 2 == 0)
            {
                request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            }

            // So that the answer is read before the connection is closed on what is still being sent.
            request.Headers.ExpectContinue = true;
            using var answer = await http.SendAsync(request, cancellationToken);
            stage.Require(answer.StatusCode is HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.BadRequest, $"413 or 400, but {answer.StatusCode}");
        }

        return $"413 or 400 to all {times}";
    }
}
