using Microsoft.Playwright;
using Notifications.Tests.Browser;
using Xunit;

namespace Notifications.Tests.WholeSystem;

[Collection(OneSystem.Name)]
public sealed class DemoPageTests(RunningSystem system, Chromium chromium) : IClassFixture<Chromium>
{
    [FactInBrowser]
    public async Task The_owner_sees_his_order_advance_and_another_user_sees_nothing()
    {
        var item = $"Teapot {Guid.NewGuid():N}";
        await using var ann = await chromium.NewContextAsync();
        await using var bob = await chromium.NewContextAsync();
        var annsPage = await SignInAsync(ann, "page-ann");
        var bobsPage = await SignInAsync(bob, "page-bob");

        await annsPage.GetByTestId("order-item").FillAsync(item);
        await annsPage.GetByTestId("place-order").ClickAsync();
        await Shows(annsPage, 1, "ORDER_PLACED");

        await annsPage.GetByTestId("staff-user").FillAsync("page-sam");
        await annsPage.GetByTestId("staff-sign-in").ClickAsync();
        await annsPage.GetByTestId("staff-order").Filter(new() { HasText = item }).GetByTestId("advance").ClickAsync();
        await Shows(annsPage, 2, "ORDER_UPDATED");

        await Assertions.Expect(annsPage.GetByTestId("notification").First).ToContainTextAsync(item);
        await Assertions.Expect(annsPage.GetByTestId("order").First.GetByTestId("order-status")).ToHaveTextAsync("Paid");
        Assert.Matches(@"^\d+(\.\d+)? ms$", await annsPage.GetByTestId("notification-latency").First.InnerTextAsync());

        // The fence: Bob's own order is announced to them, so what was meant for Ann would be there by now.
        await bobsPage.GetByTestId("place-order").ClickAsync();
        await Shows(bobsPage, 1, "ORDER_PLACED");
    }

    [FactInBrowser]
    public async Task What_an_offline_page_misses_comes_in_order_once_and_is_acknowledged()
    {
        const string user = "page-offline";
        await using var browser = await chromium.NewContextAsync();
        var page = await SignInAsync(browser, user);
        using var owner = await system.SignInAsync(user);
        using var staff = await system.SignInAsync("page-offline-clerk", "staff");
        var order = await owner.PlaceOrderAsync();
        await Shows(page, 1, "ORDER_PLACED");

        await page.GetByTestId("connection-switch").ClickAsync();
        await Assertions.Expect(page.GetByTestId("connection-state")).ToHaveTextAsync("offline");
        string[] steps = ["Paid", "Shipped", "Delivered"];
        foreach (var step in steps)
        {
            await staff.SetStatusAsync(order, step);
        }

        await Assertions.Expect(page.GetByTestId("unacknowledged")).ToHaveTextAsync("3");
        await Assertions.Expect(page.GetByTestId("notification")).ToHaveCountAsync(1);

        await page.GetByTestId("connection-switch").ClickAsync();
        string[] newestFirst = ["Delivered: 1 × Teapot", "On its way: 1 × Teapot", "Payment received: 1 × Teapot", "Order placed: 1 × Teapot"];
        await Assertions.Expect(page.GetByTestId("notification-text")).ToHaveTextAsync(newestFirst, new() { Timeout = 15_000 });
        await Assertions.Expect(page.GetByTestId("notification-missed").Filter(new() { Visible = true })).ToHaveCountAsync(steps.Length);
        await Assertions.Expect(page.GetByTestId("unacknowledged")).ToHaveTextAsync("0");
        await Assertions.Expect(page.GetByTestId("order-status")).ToHaveTextAsync("Delivered");

        await page.ReloadAsync();
        await IsConnectedAsync(page);
        // The fence: what was acknowledged would come before what is new.
        await owner.PlaceOrderAsync("Kettle");
        await Assertions.Expect(page.GetByTestId("notification-text")).ToHaveTextAsync(["Order placed: 1 × Kettle"], new() { Timeout = 15_000 });
        await Assertions.Expect(page.GetByTestId("gap")).ToHaveCountAsync(0);
    }

    [FactInBrowser]
    public async Task Two_tabs_of_one_browser_both_show_what_both_missed()
    {
        const string user = "page-tabs";
        await using var browser = await chromium.NewContextAsync();
        IPage[] tabs = [await SignInAsync(browser, user), await SignInAsync(browser, user)];
        using var owner = await system.SignInAsync(user);

        await tabs[1].GetByTestId("connection-switch").ClickAsync();
        await owner.PlaceOrderAsync("Cup");
        await Assertions.Expect(tabs[0].GetByTestId("notification-text")).ToHaveTextAsync(["Order placed: 1 × Cup"], new() { Timeout = 15_000 });
        await Assertions.Expect(tabs[0].GetByTestId("unacknowledged")).ToHaveTextAsync("0");
        await tabs[1].GetByTestId("connection-switch").ClickAsync();

        await Assertions.Expect(tabs[1].GetByTestId("notification-text")).ToHaveTextAsync(["Order placed: 1 × Cup"], new() { Timeout = 15_000 });
        await owner.PlaceOrderAsync("Saucer");
        foreach (var tab in tabs)
        {
            await Assertions.Expect(tab.GetByTestId("notification-text")).ToHaveTextAsync(
                ["Order placed: 1 × Saucer", "Order placed: 1 × Cup"], new() { Timeout = 15_000 });
        }
    }

    [FactInBrowser]
    public async Task What_happens_while_the_page_is_offline_comes_to_its_phone_and_what_it_acknowledges_does_not()
    {
        const string user = "page-phone";
        await using var browser = await chromium.NewContextAsync();
        var page = await SignInAsync(browser, user);
        using var owner = await system.SignInAsync(user);
        using var staff = await system.SignInAsync("page-phone-clerk", "staff");
        var order = await owner.PlaceOrderAsync();
        await staff.SetStatusAsync(order, "Paid");
        await Shows(page, 2, "ORDER_UPDATED");
        await Assertions.Expect(page.GetByTestId("unacknowledged")).ToHaveTextAsync("0");

        await page.GetByTestId("connection-switch").ClickAsync();
        await Assertions.Expect(page.GetByTestId("connection-state")).ToHaveTextAsync("offline");
        await staff.SetStatusAsync(order, "Shipped");
        await Assertions.Expect(page.GetByTestId("push-title")).ToHaveTextAsync(["Your order was shipped"], new() { Timeout = 15_000 });
        await Assertions.Expect(page.GetByTestId("push-body")).ToHaveTextAsync(["1 × Teapot"]);
    }

    [FactInBrowser]
    public async Task A_payload_of_markup_and_script_is_shown_as_text_and_runs_nothing()
    {
        const string user = "page-markup";
        const string markup = "<img src=x onerror=\"window.ran=1\"><script>window.ran=2</script><svg onload=window.ran=3><a href='javascript:window.ran=4'>x</a>";
        await using var browser = await chromium.NewContextAsync();
        var page = await SignInAsync(browser, user);
        using var publisher = await system.SignInAsync("page-markup-service", "publisher");
        await publisher.PublishAsync($"user:{user}", markup, new { text = markup });
        await publisher.PublishAsync($"user:{user}", "ORDER_UPDATED", new { orderId = markup, item = markup, quantity = 1, status = markup });

        await Assertions.Expect(page.GetByTestId("notification")).ToHaveCountAsync(2, new() { Timeout = 15_000 });
        await Assertions.Expect(page.GetByTestId("notification-type").Last).ToHaveTextAsync(markup);
        await Assertions.Expect(page.GetByTestId("notification-text").First).ToContainTextAsync(markup);
        await Assertions.Expect(page.GetByTestId("order-status").First).ToContainTextAsync(markup);
        Assert.Equal(0, await page.Locator("#notifications :is(img, script, svg, a), #orders :is(img, script, svg, a)").CountAsync());
        // It gets past the page's own policy: what ran would have run by now.
        Assert.True(await page.EvaluateAsync<bool>("() => new Promise(resolve => setTimeout(() => resolve(window.ran === undefined)))"));
        var answer = await page.APIRequest.GetAsync(system.Gateway.ToString());
        Assert.Equal("no-referrer", answer.Headers["referrer-policy"]);
    }

    private static async Task Shows(IPage page, int count, string newestType)
    {
        await Assertions.Expect(page.GetByTestId("notification")).ToHaveCountAsync(count, new() { Timeout = 15_000 });
        await Assertions.Expect(page.GetByTestId("notification-type").First).ToHaveTextAsync(newestType);
    }

    private async Task<IPage> SignInAsync(IBrowserContext browser, string user)
    {
        var page = await browser.NewPageAsync();
        await page.GotoAsync(system.Gateway.ToString());
        await page.GetByTestId("sign-in-user").FillAsync(user);
        await page.GetByTestId("sign-in").ClickAsync();
        await IsConnectedAsync(page);
        return page;
    }

    private static async Task IsConnectedAsync(IPage page)
    {
        await Assertions.Expect(page.GetByTestId("connection-state")).ToHaveTextAsync("connected", new() { Timeout = 15_000 });
        await Assertions.Expect(page.GetByTestId("instance")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^[a-z0-9-]{4,}$"));
        // What is told of orders before their list is there, the list decides anew.
        await Assertions.Expect(page.GetByTestId("orders")).ToHaveAttributeAsync("aria-busy", "false");
    }
}
