using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Notifications.Tests.Browser;
using Xunit;

namespace Notifications.Tests.WholeSystem;

[Collection(OneSystem.Name)]
public sealed partial class OperatorPageTests(RunningSystem system, Chromium chromium) : IClassFixture<Chromium>
{
    private const string Markup = "<img src=x onerror=\"window.ran=1\"><script>window.ran=2</script><svg onload=window.ran=3>";
    private static readonly LocatorAssertionsToHaveTextOptions Soon = new() { Timeout = 15_000 };
    private static readonly LocatorAssertionsToHaveCountOptions CountSoon = new() { Timeout = 15_000 };

    [FactInBrowser]
    public async Task Somebody_without_the_role_is_told_so_and_sees_nothing()
    {
        await using var browser = await chromium.NewContextAsync();
        var page = await OpenAsync(browser);

        await SignInAsync(page, "page-paula", "publisher, staff");

        await Assertions.Expect(page.GetByTestId("error")).ToHaveTextAsync(
            "The token's roles (claim \"roles\") do not allow GET /api/operator/instances. It takes: operator.", Soon);
        await Assertions.Expect(page.Locator("#workspace")).ToBeHiddenAsync();
        Assert.Equal(0, await page.GetByTestId("instance").CountAsync());
        Assert.Null(await page.EvaluateAsync<string?>("() => sessionStorage.getItem('operator-token')"));
    }

    [FactInBrowser]
    public async Task A_token_can_be_pasted_and_one_that_is_none_is_refused()
    {
        await using var browser = await chromium.NewContextAsync();
        var page = await OpenAsync(browser);
        using var olga = await system.SignInAsync("page-olga", "operator");

        await page.GetByTestId("token").FillAsync("nonsense");
        await page.GetByTestId("use-token").ClickAsync();
        await Assertions.Expect(page.GetByTestId("error")).ToHaveTextAsync("The token is no JWT. Send the token as its issuer gave it.", Soon);
        await page.GetByTestId("token").FillAsync(olga.Token);
        await page.GetByTestId("use-token").ClickAsync();
        await Assertions.Expect(page.GetByTestId("caller")).ToHaveTextAsync("page-olga", Soon);
        await page.ReloadAsync();
        await Assertions.Expect(page.GetByTestId("live")).ToHaveTextAsync("live", Soon);

        await page.GetByTestId("sign-out").ClickAsync();
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("#welcome")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#workspace")).ToBeHiddenAsync();
    }

    [FactInBrowser]
    public async Task The_instances_are_live_and_one_is_drained_and_taken_back()
    {
        await using var browser = await chromium.NewContextAsync();
        var page = await SignedInAsync(browser);
        using var ann = await system.SignInAsync("page-drained");
        await using var client = await ann.ConnectAsync();
        var here = await client.InstanceAsync();
        var row = page.Locator($"[data-instance='{here}']");
        await Assertions.Expect(page.GetByTestId("instance")).ToHaveCountAsync(3, CountSoon);
        await Assertions.Expect(row.GetByTestId("instance-state")).ToHaveTextAsync("serving", Soon);
        await Assertions.Expect(row.Locator("td").Nth(2)).ToHaveTextAsync(AtLeastOne(), Soon);

        await row.GetByTestId("drain").ClickAsync();
        await Assertions.Expect(row.GetByTestId("instance-state")).ToHaveTextAsync("drained", Soon);
        await Assertions.Expect(row.Locator("td").Nth(2)).ToHaveTextAsync("0", Soon);
        await Eventually.True(() => client.Subscribed.Count == 2, "the client to have come back");
        Assert.NotEqual(here, await client.InstanceAsync());

        await row.GetByTestId("drain").ClickAsync();
        await Assertions.Expect(row.GetByTestId("instance-state")).ToHaveTextAsync("serving", Soon);
        await Assertions.Expect(page.GetByTestId("error")).ToBeHiddenAsync();
    }

    [FactInBrowser]
    public async Task A_user_is_looked_up_and_what_is_in_his_notifications_is_shown_when_asked_for_and_as_text()
    {
        const string user = "page-looked-up";
        await using var browser = await chromium.NewContextAsync();
        var page = await SignedInAsync(browser);
        using var ann = await system.SignInAsync(user);
        await using var client = await ann.ConnectAsync(device: "laptop");
        using var publisher = await system.SignInAsync("page-looked-up-service", "publisher");
        await publisher.PublishAsync($"user:{user}", Markup, new { text = Markup });

        await LookUpAsync(page, user);

        await Assertions.Expect(page.GetByTestId("connection")).ToHaveCountAsync(1, CountSoon);
        await Assertions.Expect(page.GetByTestId("connection")).ToContainTextAsync(await client.InstanceAsync());
        await Assertions.Expect(page.GetByTestId("device")).ToContainTextAsync("laptop");
        await Assertions.Expect(page.GetByTestId("notification")).ToHaveCountAsync(1);
        await Assertions.Expect(page.GetByTestId("notification")).ToContainTextAsync(Markup);
        await Assertions.Expect(page.GetByTestId("payload")).ToHaveCountAsync(0);

        await page.GetByTestId("payloads").ClickAsync();
        await Assertions.Expect(page.GetByTestId("payload")).ToHaveTextAsync(new Regex(Regex.Escape("onerror=")), Soon);
        Assert.Equal(0, await page.Locator("#found :is(img, script, svg)").CountAsync());
        // It gets past the page's own policy: what ran would have run by now.
        Assert.True(await page.EvaluateAsync<bool>("() => new Promise(resolve => setTimeout(() => resolve(window.ran === undefined)))"));
        await page.GetByTestId("payloads").ClickAsync();
        await Assertions.Expect(page.GetByTestId("payload")).ToHaveCountAsync(0, CountSoon);
    }

    [FactInBrowser]
    public async Task A_test_notification_arrives_and_connections_end_and_the_client_is_back()
    {
        const string user = "page-tested";
        await using var browser = await chromium.NewContextAsync();
        var page = await SignedInAsync(browser);
        using var ann = await system.SignInAsync(user);
        await using var client = await ann.ConnectAsync();
        await LookUpAsync(page, user);

        await page.GetByTestId("test-payload").FillAsync("""{"text": "Do you see this?"}""");
        await page.GetByTestId("send-test").ClickAsync();
        await Eventually.True(() => client.Received.Count == 1, "the test notification");
        Assert.Equal(("TEST", "Do you see this?"), (client.Received[0].Type, client.Received[0].Payload.GetProperty("text").GetString()));
        await Assertions.Expect(page.GetByTestId("sent")).ToHaveTextAsync("Sent: offset 1.", Soon);
        await Assertions.Expect(page.GetByTestId("notification")).ToHaveCountAsync(1, CountSoon);
        await page.GetByTestId("test-payload").FillAsync("{");
        await page.GetByTestId("send-test").ClickAsync();
        await Assertions.Expect(page.GetByTestId("error")).ToBeVisibleAsync();

        await page.GetByTestId("end-connections").ClickAsync();
        await Eventually.True(() => client.Subscribed.Count == 2, "the client to have come back");
        await Assertions.Expect(page.GetByTestId("ended")).ToContainTextAsync("Ended: 3 hub instances were told.");
        await client.DisposeAsync();
        await Assertions.Expect(page.GetByTestId("connection")).ToHaveCountAsync(0, CountSoon);
        Assert.Single(client.Received);
    }

    [FactInBrowser]
    public async Task Without_a_connection_the_page_says_so_and_connects_when_it_can_and_signs_out_when_the_token_has_ended()
    {
        const string negotiate = "**/hubs/operator/negotiate*";
        const string ended = "The token expired. Get a new one.";
        await using var browser = await chromium.NewContextAsync();
        var page = await OpenAsync(browser);
        await page.RouteAsync(negotiate, route => route.AbortAsync());

        await SignInAsync(page, "page-olga", "operator");
        await Assertions.Expect(page.GetByTestId("live")).ToHaveTextAsync(new Regex("^not live: "), Soon);
        await Assertions.Expect(page.GetByTestId("instance")).ToHaveCountAsync(3, CountSoon);
        await page.UnrouteAsync(negotiate);
        await Assertions.Expect(page.GetByTestId("live")).ToHaveTextAsync("live", Soon);

        await page.RouteAsync(negotiate, route => route.AbortAsync());
        await page.ReloadAsync();
        await Assertions.Expect(page.GetByTestId("live")).ToHaveTextAsync(new Regex("^not live: "), Soon);
        await page.RouteAsync("**/api/operator/instances", route => route.FulfillAsync(
            new() { Status = 401, ContentType = "application/problem+json", Body = $$"""{"status":401,"detail":"{{ended}}"}""" }));
        await Assertions.Expect(page.GetByTestId("error")).ToHaveTextAsync(ended, Soon);
        await Assertions.Expect(page.Locator("#workspace")).ToBeHiddenAsync();
    }

    [FactInBrowser]
    public async Task The_instances_are_pushed_and_what_the_page_asks_again_and_again_is_not_traced()
    {
        const string instances = "/api/operator/instances";
        const string polled = "/api/operator/users/page-polled";
        await using var browser = await chromium.NewContextAsync();
        var requests = new ConcurrentQueue<(string Path, string TraceParent)>();
        browser.Request += (_, request) => requests.Enqueue((new Uri(request.Url).AbsolutePath, request.Headers.GetValueOrDefault("traceparent", "")));
        var page = await SignedInAsync(browser);
        await LookUpAsync(page, "page-polled");
        await Eventually.True(() => requests.Count(request => request.Path == polled) > 2, "the page to have asked three times");
        var asked = requests.Where(request => request.Path is polled or instances).Select(request => request.TraceParent).ToArray();
        Assert.Single(requests, request => request.Path == instances);

        // Exported later than the polls would be.
        using var later = await system.SignInAsync("page-later");
        await later.PlaceOrderAsync();
        var spans = await system.Telemetry.WaitForAsync(
            received => received.Any(span => span.Service == "gateway" && span.Name.StartsWith("POST", StringComparison.Ordinal)), "a request of somebody's to be traced", TimeSpan.FromSeconds(30));

        Assert.All(asked, traceparent => Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", traceparent));
        Assert.DoesNotContain(spans, span => asked.Any(traceparent => traceparent.Contains(span.TraceId, StringComparison.Ordinal)));
        Assert.DoesNotContain(spans, span => span.Attributes.Values.Contains(instances) || span.Attributes.Values.Contains(polled));
    }

    [GeneratedRegex("^[1-9]")]
    private static partial Regex AtLeastOne();

    private static async Task SignInAsync(IPage page, string user, string roles)
    {
        await page.GetByTestId("sign-in-user").FillAsync(user);
        await page.GetByTestId("sign-in-roles").FillAsync(roles);
        await page.GetByTestId("sign-in").ClickAsync();
    }

    private static async Task LookUpAsync(IPage page, string user)
    {
        await page.GetByTestId("user-id").FillAsync(user);
        await page.GetByTestId("look-up").ClickAsync();
        await Assertions.Expect(page.GetByTestId("user-facts")).ToContainTextAsync(user, new() { Timeout = 15_000 });
    }

    private async Task<IPage> SignedInAsync(IBrowserContext browser)
    {
        var page = await OpenAsync(browser);
        await SignInAsync(page, "page-olga", "operator");
        await Assertions.Expect(page.GetByTestId("live")).ToHaveTextAsync("live", Soon);
        return page;
    }

    private async Task<IPage> OpenAsync(IBrowserContext browser)
    {
        var page = await browser.NewPageAsync();
        await page.GotoAsync(new Uri(system.Gateway, "/operator").ToString());
        await Assertions.Expect(page.GetByTestId("sign-in")).ToBeVisibleAsync(new() { Timeout = 15_000 });
        return page;
    }
}
