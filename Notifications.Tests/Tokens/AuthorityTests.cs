using System.Net;
using Notifications.Tests.Gateway;
using Xunit;

namespace Notifications.Tests.Tokens;

/// <summary>Tokens of an OIDC authority at the gateway; the services behind it check with the same code.</summary>
public sealed class AuthorityTests : IAsyncLifetime
{
    private OidcAuthority _authority = null!;
    private RunningGateway _gateway = null!;
    private FakeHub _hub = null!;

    public async Task InitializeAsync()
    {
        _authority = await OidcAuthority.StartAsync();
        _gateway = await RunningGateway.StartAsync(settings: new()
        {
            [TokenNames.DevelopmentKey] = "",
            ["Authentication:Schemes:Bearer:Authority"] = _authority.Issuer,
            ["Authentication:Schemes:Bearer:RefreshInterval"] = "00:00:01",
        });
        _hub = await FakeHub.StartAsync("a");
        await _gateway.UseAsync(_hub.Instance);
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _hub.DisposeAsync();
        await _authority.DisposeAsync();
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("RS384")]
    [InlineData("RS512")]
    [InlineData("PS256")]
    [InlineData("PS384")]
    [InlineData("PS512")]
    [InlineData("ES256")]
    public async Task A_token_that_the_authority_signed_opens_the_hub(string algorithm)
    {
        using var browser = _gateway.Browser(_authority.Issue("ann", algorithm: algorithm));

        Assert.Equal("a", await browser.GetStringAsync(RunningGateway.HubPath));
    }

    [Fact]
    public async Task A_good_signature_under_another_issuer_is_refused()
    {
        using var browser = _gateway.Browser(_authority.Issue("ann", issuer: "https://issuer.test"));
        var problem = await RunningGateway.ProblemOf(await browser.GetAsync(RunningGateway.HubPath));

        Assert.Equal((HttpStatusCode.Unauthorized, "The token comes from another issuer (claim iss) than the one that this gateway trusts."), problem);
    }

    [Fact]
    public async Task Clocks_may_differ_by_ten_seconds_and_no_more()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(_authority.Issue("ann", lifetime: TimeSpan.FromSeconds(-4))));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(_authority.Issue("ann", notBefore: TimeSpan.FromSeconds(6))));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(_authority.Issue("ann", lifetime: TimeSpan.FromSeconds(-11))));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(_authority.Issue("ann", notBefore: TimeSpan.FromSeconds(20))));
    }

    [Fact]
    public async Task When_the_authority_replaces_its_keys_new_tokens_are_taken_and_old_ones_are_not()
    {
        var old = _authority.Issue("ann");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(old));
        _authority.ReplaceKeys();

        await Eventually.True(async () => await StatusAsync(_authority.Issue("ann")) == HttpStatusCode.OK, "the new keys to be known");

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(old));
    }

    [Fact]
    public async Task Key_names_that_somebody_made_up_do_not_make_the_gateway_ask_the_authority_each_time()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(_authority.Issue("ann")));
        var before = _authority.KeyRequests;
        await using var another = await OidcAuthority.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            another.ReplaceKeys();
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(another.Issue("ann", issuer: _authority.Issuer)));
        }

        // At most one a second here; twenty take far less than ten seconds.
        Assert.InRange(_authority.KeyRequests - before, 0, 10);
    }

    private async Task<HttpStatusCode> StatusAsync(string token)
    {
        using var browser = _gateway.Browser(token);
        return (await browser.GetAsync(RunningGateway.HubPath)).StatusCode;
    }
}
