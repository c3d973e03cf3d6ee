namespace Notifications.Gateway;

/// <summary>The browser client <c>/notifications.js</c> everywhere, and in Development the demo page that uses it.</summary>
internal static class BrowserFiles
{
    private const string Client = "/notifications.js";

    /// <summary>Before the token check: a page loads its scripts without a token.</summary>
    public static void UseBrowserFiles(this WebApplication app)
    {
        var files = new StaticFileOptions
        {
            // Names carry no version, so a browser asks each time and is told 304.
            OnPrepareResponse = context => context.Context.Response.Headers.CacheControl = "no-cache",
        };
        if (app.Environment.IsDevelopment())
        {
            app.UseDefaultFiles();
            app.UseStaticFiles(files);
        }
        else
        {
            app.UseWhen(context => context.Request.Path == Client, client => client.UseStaticFiles(files));
        }
    }
}
