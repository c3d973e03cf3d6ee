using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Notifications.Tests.Gateway;
using Notifications.Tests.Hub;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Tokens;

/// <summary>An issuer that has its own names for audience, claims and roles.</summary>
public sealed class TokenFormatTests(RedisServers servers) : IClassFixture<RedisServers>, IAsyncLifetime
{
    private static readonly Dictionary<string, string?> Names = new()
    {
        ["Authentication:Audience"] = "shop",
        ["Authentication:UserClaim"] = "oid",
        ["Authentication:RoleClaim"] = "groups",
        ["Authentication:Roles:operator"] = "Shop.Operators",
    };

    private readonly string _user = RedisServers.Unique("user");
    private HubHost _hub = null!;
    private RunningGateway _gateway = null!;

    public async Task InitializeAsync()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        _hub = await HubHost.StartInstanceAsync(redis.ConnectionString, [.. Names.Select(name => (name.Key, name.Value!))]);
        _gateway = await RunningGateway.StartAsync(settings: Names, shared: redis);
        await Eventually.True(() => _gateway.Hubs is [var only] && only.Id == _hub.Id, "the gateway to know this hub and none of an earlier test");
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _hub.DisposeAsync();
    }

    [Fact]
    public async Task The_user_is_who_the_issuers_claim_says()
    {
        await using var client = await HubClient.ConnectAsync(
            _gateway.Address, options => options.AccessTokenProvider = () => Task.FromResult<string?>(Issue("shop", _user, [])));

        Assert.Equal($"user:{_user}", client.Subscribed[0].Stream);
    }

    [Fact]
    public async Task A_role_has_the_issuers_name_and_no_other()
    {
        using var renamed = _gateway.Browser(Issue("shop", "olga", ["Shop.Operators"]));
        using var ours = _gateway.Browser(Issue("shop", "olga", ["operator"]));

        Assert.Equal(HttpStatusCode.OK, (await renamed.GetAsync("/api/operator/instances")).StatusCode);
        Assert.Equal(
            (HttpStatusCode.Forbidden, "The token's roles (claim \"groups\") do not allow GET /api/operator/instances. It takes: Shop.Operators."),
            await RunningGateway.ProblemOf(await ours.GetAsync("/api/operator/instances")));
    }

    [Fact]
    public async Task A_token_for_another_audience_or_without_the_issuers_user_claim_is_refused()
    {
        using var another = _gateway.Browser(Issue(TokenNames.Audience, "ann", []));
        using var nobody = _gateway.Browser(Issue("shop", null, []));

        Assert.Equal(
            (HttpStatusCode.Unauthorized, "The token is meant for another audience. It has to be issued for \"shop\" (claim aud)."),
            await RunningGateway.ProblemOf(await another.GetAsync("/api/notifications")));
        Assert.Equal(
            (HttpStatusCode.Forbidden, "The token names no user. It has to have the user's id in the claim \"oid\"."),
            await RunningGateway.ProblemOf(await nobody.GetAsync("/api/notifications")));
    }

    [Fact]
    public async Task The_tokens_of_Development_have_these_names_too()
    {
        using var browser = _gateway.Browser();
        using var issued = await browser.PostAsJsonAsync("/dev/token", new { user = "olga", roles = new[] { "operator" } });
        var token = (await issued.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("accessToken").GetString();
        browser.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/api/operator/instances")).StatusCode);
    }

    [Fact]
    public async Task A_role_that_the_system_has_not_is_refused_at_the_start()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => RunningGateway.StartAsync(settings: new() { ["Authentication:Roles:operators"] = "Shop.Operators" }, shared: redis));

        Assert.Contains("Authentication:Roles:operators is \"Shop.Operators\". The roles are staff, publisher, operator, monitor", refused.Message);
    }

    private static string Issue(string audience, string? user, string[] roles)
    {
        var claims = new Dictionary<string, object> { [TokenNames.UserClaim] = "an id of the issuer's own", ["groups"] = roles };
        if (user is not null)
        {
            claims["oid"] = user;
        }

        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = TokenNames.DevelopmentIssuer,
            Audience = audience,
            Expires = DateTime.UtcNow.AddHours(1),
            Claims = claims,
            SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(TestTokens.Key)), SecurityAlgorithms.HmacSha256),
        });
    }
}
