using Microsoft.Extensions.Options;
using Xunit;

namespace Notifications.Tests.Gateway;

public sealed class ForwardingTests : IAsyncLifetime
{
    private FakeHub _hub = null!;

    public async Task InitializeAsync() => _hub = await FakeHub.StartAsync("a");

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    [Fact]
    public async Task What_a_client_says_of_itself_does_not_get_to_the_hub()
    {
        // As Aspire and Azure Container Apps set it, by which the framework would believe anyone.
        var seen = await SeenAsync(new() { ["ForwardedHeaders_Enabled"] = "true" }, "203.0.113.7");

        Assert.Equal(("127.0.0.1", "http"), (seen["X-Forwarded-For"], seen["X-Forwarded-Proto"]));
        Assert.DoesNotContain("page.example", seen["X-Forwarded-Host"], StringComparison.Ordinal);
        Assert.DoesNotContain("Forwarded", seen);
        Assert.DoesNotContain("X-Real-IP", seen);
    }

    [Theory]
    [InlineData("Gateway:KnownProxies:0", "127.0.0.1")]
    [InlineData("Gateway:KnownNetworks:0", "127.0.0.0/8")]
    [InlineData("Gateway:KnownNetworks:0", "0.0.0.0/0")]
    public async Task A_known_proxy_is_believed_and_what_its_client_said_is_not(string key, string value)
    {
        var seen = await SeenAsync(new() { [key] = value, ["ForwardedHeaders_Enabled"] = "true" }, "198.51.100.1, 203.0.113.7");

        Assert.Equal(("203.0.113.7", "https", "page.example"), (seen["X-Forwarded-For"], seen["X-Forwarded-Proto"], seen["X-Forwarded-Host"]));
    }

    [Fact]
    public async Task Two_proxies_are_two_hops()
    {
        var seen = await SeenAsync(
            new() { ["Gateway:KnownNetworks:0"] = "127.0.0.0/8", ["Gateway:KnownProxies:0"] = "10.0.0.4", ["Gateway:ProxyHops"] = "2" }, "198.51.100.1, 203.0.113.7, 10.0.0.4");

        Assert.Equal("203.0.113.7", seen["X-Forwarded-For"]);
    }

    [Theory]
    [InlineData("Gateway:KnownProxies:0", "proxy", "Gateway:KnownProxies has \"proxy\", which is no IP address")]
    [InlineData("Gateway:KnownNetworks:0", "10.0.0.0/40", "Gateway:KnownNetworks has \"10.0.0.0/40\", which is no network")]
    [InlineData("Gateway:ProxyHops", "0", "Gateway:ProxyHops is 0 and has to be 1 or more")]
    public async Task A_proxy_that_can_not_be_is_refused_at_the_start(string key, string value, string says)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => RunningGateway.StartAsync(settings: new() { [key] = value }));

        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
    }

    private async Task<IReadOnlyDictionary<string, string>> SeenAsync(Dictionary<string, string?> settings, string forwardedFor)
    {
        await using var gateway = await RunningGateway.StartAsync(settings: settings);
        await gateway.UseAsync(_hub.Instance);
        using var browser = gateway.Browser(TestTokens.Create("ann"));
        using var request = new HttpRequestMessage(HttpMethod.Post, RunningGateway.HubPath + "/negotiate");
        (string, string)[] headers =
        [
            ("X-Forwarded-For", forwardedFor), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "page.example"),
            ("Forwarded", "for=198.51.100.1"), ("X-Real-IP", "198.51.100.1"),
        ];
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, string.Join(", ", Enumerable.Repeat(value, name is "X-Forwarded-Proto" or "X-Forwarded-Host" ? forwardedFor.Split(',').Length : 1)));
        }

        (await browser.SendAsync(request)).EnsureSuccessStatusCode();
        return Assert.Single(_hub.Seen).Headers;
    }
}
