using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using Notifications.Tests.Telemetry;
using Xunit;

namespace Notifications.Tests.Gateway;

public sealed class TokenTests : IAsyncLifetime
{
    private RunningGateway _gateway = null!;
    private FakeHub _hub = null!;
    private OtlpReceiver _telemetry = null!;

    public static TheoryData<string, string?, string> RefusedTokens => new()
    {
        { "none", null, "The token is missing." },
        { "expired", TestTokens.Create("ann", lifetime: TimeSpan.FromMinutes(-5)), "The token expired at " },
        { "wrong audience", TestTokens.Create("ann", audience: "another"), "The token is meant for another audience. It has to be issued for \"notifications\"" },
        { "another's issuer", TestTokens.Create("ann", issuer: "another"), "The token comes from another issuer" },
        { "another's signature", TestTokens.Create("ann", key: "another-key-0123456789-0123456789-0123456789"), "The token's signature does not match" },
        { "no JWT", "abc", "The token is no JWT." },
    };

    public async Task InitializeAsync()
    {
        // Spans are filled in only where somebody takes them.
        _telemetry = await OtlpReceiver.StartAsync();
        _gateway = await RunningGateway.StartAsync(settings: new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _telemetry.Endpoint });
        _hub = await FakeHub.StartAsync("a");
        await _gateway.UseAsync(_hub.Instance);
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _hub.DisposeAsync();
        await _telemetry.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(RefusedTokens))]
    public async Task A_token_that_is_not_valid_is_told_what_is_wrong_and_never_gets_to_the_hub(string what, string? token, string detail)
    {
        using var client = _gateway.Browser(token);
        foreach (var path in (string[])[RunningGateway.HubPath + "/negotiate", RunningGateway.OtherHubPath + "/negotiate", "/api/notifications"])
        {
            var problem = await RunningGateway.ProblemOf(await client.PostAsync(path, null));
            Assert.True(problem.Status == HttpStatusCode.Unauthorized && problem.Detail!.StartsWith(detail, StringComparison.Ordinal), $"{what}: {problem}");
        }

        if (token is not null)
        {
            var problem = await RunningGateway.ProblemOf(await _gateway.Browser().GetAsync($"{RunningGateway.HubPath}?access_token={token}"));
            Assert.Equal(HttpStatusCode.Unauthorized, problem.Status);
        }

        Assert.Empty(_hub.Seen);
    }

    [Theory]
    [InlineData(RunningGateway.HubPath)]
    [InlineData(RunningGateway.OtherHubPath)]
    public async Task The_token_in_a_hub_query_arrives_as_a_header_and_the_rest_of_the_query_stays(string path)
    {
        var token = TestTokens.Create("ann");
        var answer = await _gateway.Browser().GetStringAsync($"{path}?id=1%2B2&Access_Token={token}&device=d");

        Assert.Equal("a", answer);
        var seen = Assert.Single(_hub.Seen);
        Assert.Equal((path, "?id=1%2B2&device=d", "Bearer " + token), (seen.Path, seen.Query, seen.Authorization));
        Assert.NotNull(seen.TraceParent);
    }

    [Theory]
    [InlineData(RunningGateway.HubPath)]
    [InlineData(RunningGateway.OtherHubPath)]
    public async Task A_browsers_websocket_gets_through_with_its_token_in_the_query(string path)
    {
        var token = TestTokens.Create("ann");
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{_gateway.Address.Authority}{path}?access_token={token}"), default);
        var buffer = new byte[10];
        var received = await socket.ReceiveAsync(buffer, default);

        Assert.Equal("a", Encoding.UTF8.GetString(buffer, 0, received.Count));
        var seen = Assert.Single(_hub.Seen);
        Assert.Equal(("", "Bearer " + token), (seen.Query, seen.Authorization));
    }

    [Fact]
    public async Task A_token_in_the_query_counts_on_the_paths_of_hubs_only()
    {
        var response = await _gateway.Browser().GetAsync($"/api/notifications?access_token={TestTokens.Create("ann")}");

        var problem = await RunningGateway.ProblemOf(response);
        Assert.Equal(HttpStatusCode.Unauthorized, problem.Status);
        Assert.StartsWith("access_token in the query is accepted below /hubs only.", problem.Detail);
        Assert.Empty(_hub.Seen);
    }

    [Theory]
    [InlineData(RunningGateway.HubPath)]
    [InlineData(RunningGateway.OtherHubPath)]
    [InlineData("/api/notifications")]
    public async Task A_token_in_the_query_stands_in_no_log_and_no_span(string path)
    {
        var token = TestTokens.Create("ann");
        var spans = new List<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Microsoft.AspNetCore" or "Yarp.ReverseProxy",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (spans)
                {
                    spans.Add(activity.DisplayName + " " + string.Join(' ', activity.TagObjects.Select(tag => $"{tag.Key}={tag.Value}")));
                }
            },
        };
        ActivitySource.AddActivityListener(listener);

        await _gateway.Browser().GetAsync($"{path}?x=1&access_token={token}");

        await Eventually.True(() => _gateway.Logs.All.Any(log => log.Message.StartsWith("Request finished", StringComparison.Ordinal)), "the request's last log");
        await Eventually.True(() => { lock (spans) { return spans.Exists(span => span.Contains(path, StringComparison.Ordinal)); } }, "the request's span");
        Assert.Contains(_gateway.Logs.All, log => log.Message.Contains($"{path}?x=1 ", StringComparison.Ordinal));
        Assert.DoesNotContain(_gateway.Logs.All, log => $"{log.Message}{log.Exception}".Contains(token, StringComparison.Ordinal));
        lock (spans)
        {
            Assert.DoesNotContain(spans, span => span.Contains(token, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("ann smith", "The user id in the claim \"sub\" can't name a stream. A user id has 1 to 128 characters")]
    [InlineData("{1}", "The user id in the claim \"sub\" can't name a stream. A user id has 1 to 128 characters")]
    [InlineData("", "The user id in the claim \"sub\" can't name a stream. A user id has 1 to 128 characters")]
    public async Task A_user_whose_id_can_name_no_stream_is_forbidden(string user, string detail)
    {
        var problem = await RunningGateway.ProblemOf(await _gateway.Browser(TestTokens.Create(user)).GetAsync(RunningGateway.HubPath));

        Assert.Equal(HttpStatusCode.Forbidden, problem.Status);
        Assert.StartsWith(detail, problem.Detail);
        Assert.Empty(_hub.Seen);
    }

    [Fact]
    public async Task A_path_that_leads_nowhere_is_not_found()
    {
        var problem = await RunningGateway.ProblemOf(await _gateway.Browser(TestTokens.Create("ann")).GetAsync("/api/nothing"));

        Assert.Equal((HttpStatusCode.NotFound, "Nothing is at /api/nothing. The gateway has /hubs, /api/notifications, /api/devices, /api/users, /api/operator and /api/orders."), problem);
    }
}
