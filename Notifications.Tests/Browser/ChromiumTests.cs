using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Notifications.Tests.Browser;

public sealed class ChromiumTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const string Html =
        """
        <!doctype html><title>Counter</title><button>0</button>
        <script>document.querySelector('button').onclick = e => document.cookie = 'n=' + ++e.target.textContent</script>
        """;

    [FactInBrowser]
    public async Task A_page_runs_its_script_and_each_context_has_its_own_cookies()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapGet("/", () => Results.Content(Html, "text/html"));
        await app.StartAsync();

        await using var first = await chromium.NewContextAsync();
        await using var second = await chromium.NewContextAsync();
        var page = await first.NewPageAsync();
        await page.GotoAsync(app.Urls.Single());
        await page.ClickAsync("button");

        Assert.Equal("1", await page.TextContentAsync("button"));
        Assert.Single(await first.CookiesAsync());
        Assert.Empty(await second.CookiesAsync());
    }
}
