using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.Hosting;
using Notifications.Gateway;
using Xunit;

namespace Notifications.Tests.Gateway;

public sealed class DevelopmentTokenTests
{
    [Fact]
    public async Task In_Development_anyone_gets_a_token_that_opens_the_hub()
    {
        await using var gateway = await RunningGateway.StartAsync();
        await using var hub = await FakeHub.StartAsync("a");
        await gateway.UseAsync(hub.Instance);

        var response = await gateway.Browser().PostAsJsonAsync("/dev/token", new { user = "ann", roles = (string[])["staff"] });
        var token = (await response.Content.ReadFromJsonAsync<TokenResponse>())!.AccessToken;

        Assert.Equal("a", await gateway.Browser(token).GetStringAsync(RunningGateway.HubPath));
    }

    [Theory]
    [InlineData("""{"user":"ann smith"}""", "user is \"ann smith\", which is no user id. A user id has 1 to 128 characters out of a-z A-Z 0-9 . _ - ~ @ + = : | / ! $.")]
    [InlineData("{}", "user is missing. A user id has 1 to 128 characters out of a-z A-Z 0-9 . _ - ~ @ + = : | / ! $.")]
    [InlineData("""{"user":"ann","role":"staff"}""", "The body has \"role\", which is not known. It may have user, roles.")]
    [InlineData("{", "The body of POST /dev/token can't be read. Send JSON as application/json.")]
    public async Task A_bad_user_is_told_the_rule(string body, string detail)
    {
        await using var gateway = await RunningGateway.StartAsync();
        var response = await gateway.Browser().PostAsync("/dev/token", new StringContent(body, mediaType: new("application/json")));

        Assert.Equal((HttpStatusCode.BadRequest, detail), await RunningGateway.ProblemOf(response));
    }

    [Fact]
    public async Task Outside_Development_there_are_no_tokens_and_no_demo_page_but_the_browser_client()
    {
        await using var gateway = await RunningGateway.StartAsync(Environments.Production);
        using var browser = gateway.Browser();

        Assert.Equal(HttpStatusCode.NotFound, (await browser.PostAsJsonAsync("/dev/token", new { user = "ann" })).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/index.html")).StatusCode);
        Assert.Contains("NotificationClient", await browser.GetStringAsync("/notifications.js"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Development")]
    [InlineData("Production")]
    public async Task The_operators_page_is_there_without_a_token_and_runs_nothing_but_its_own_files(string environment)
    {
        await using var gateway = await RunningGateway.StartAsync(environment);
        using var browser = gateway.Browser();

        using var bare = await browser.GetAsync("/operator");
        Assert.Equal((HttpStatusCode.MovedPermanently, "/operator/"), (bare.StatusCode, bare.Headers.Location!.AbsolutePath));
        using var page = await browser.GetAsync("/operator/");
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        Assert.StartsWith("default-src 'none'; script-src 'self';", page.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("no-referrer", page.Headers.GetValues("Referrer-Policy").Single());
        foreach (var file in (string[])["operator/operator.js", "operator/operator.css", "shared/base.css", "shared/request.js", "shared/icon.svg"])
        {
            Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/" + file)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/operator/nothing")).StatusCode);
    }

    [Fact]
    public void Outside_Development_a_Development_key_is_refused()
    {
        var builder = RunningGateway.Builder(Environments.Production, new() { [TokenNames.DevelopmentKey] = TestTokens.Key });

        var refused = Assert.Throws<InvalidOperationException>(builder.AddGateway);
        Assert.StartsWith("Authentication:DevelopmentKey is set in the environment \"Production\"", refused.Message);
    }

    private sealed record TokenResponse(string AccessToken);
}
