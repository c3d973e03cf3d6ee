namespace Notifications.Gateway;

/// <summary>The browser client <c>/notifications.js</c> everywhere, and in Development the demo page that uses it.</summary>
internal static class BrowserFiles
{
    private const string Client = "/notifications.js";
    private const string ReferrerPolicy = "Referrer-Policy";

    /// <summary>Before the token check: a page loads its scripts without a token.</summary>
    public static void UseBrowserFiles(this WebApplication app)
    {
        var files = new StaticFileOptions
        {
            OnPrepareResponse = context =>
            {
                var headers = context.Context.Response.Headers;
                // Names carry no version, so a browser asks each time and is told 304.
                headers.CacheControl = "no-cache";
                headers.XContentTypeOptions = "nosniff";
                headers[ReferrerPolicy] = "no-referrer";
                // Nothing but what this server has runs on the page, whatever a payload says.
                headers.ContentSecurityPolicy = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";
            },
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
