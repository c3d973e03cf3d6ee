using Microsoft.Playwright;
using Xunit;

namespace Notifications.Tests.Browser;

/// <summary>
/// A headless Chromium of this machine for a test class (<c>IClassFixture&lt;Chromium&gt;</c>): the one that the environment
/// variable CHROMIUM names, else one on PATH. Each context is a browser of its own to the server: no cookies are shared.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    /// <summary>--no-sandbox: containers run as root. The rest keeps the browser from calling home and from guessing at graphics.</summary>
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public static string? Executable { get; } =
        Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named ? named : Executables.Find(Names);

    public async Task InitializeAsync()
    {
        // Without a browser the tests are skipped (FactInBrowser), but xunit makes the fixture all the same.
        if (Executable is null)
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Executable, Args = Arguments });
    }

    /// <summary>A browser of one person. Dispose it at the end of the test.</summary>
    public Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions? options = null) =>
        (_browser ?? throw new InvalidOperationException("There is no Chromium. Mark the test with [FactInBrowser], so that it is skipped."))
        .NewContextAsync(options);

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}

/// <summary>A test that needs Chromium, skipped with the reason where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactInBrowserAttribute : FactAttribute
{
    public FactInBrowserAttribute() =>
        Skip = Chromium.Executable is null ? "There is no Chromium on PATH. Install Debian's package chromium, or name one in CHROMIUM." : null;
}
