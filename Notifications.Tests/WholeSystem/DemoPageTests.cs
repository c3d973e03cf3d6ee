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

        // The fence: Bob's own order is announced to him, so what was meant for Ann would be there by now.
        await bobsPage.GetByTestId("place-order").ClickAsync();
        await Shows(bobsPage, 1, "ORDER_PLACED");
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
        await Assertions.Expect(page.GetByTestId("connection-state")).ToHaveTextAsync("connected", new() { Timeout = 15_000 });
        await Assertions.Expect(page.GetByTestId("instance")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^[a-z0-9-]{4,}$"));
        return page;
    }
}
