namespace Notifications.Gateway;

/// <summary>The browser client <c>/notifications.js</c> and the operator's page everywhere, and in Development the demo page.</summary>
internal static class BrowserFiles
{
    private const string Client = "/notifications.js";
    private const string OperatorPage = "/operator";

    /// <summary>What the operator's page has in common with the demo page.</summary>
    private const string Shared = "/shared";
    private const string ReferrerPolicy = "Referrer-Policy";

    /// <summary>Before the token check: a page loads its scripts without a token, and has nothing in it that would need one.</summary>
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
        app.UseWhen(
            context => app.Environment.IsDevelopment() || IsServedEverywhere(context.Request.Path),
            everywhere => everywhere.UseDefaultFiles().UseStaticFiles(files));
    }

    private static bool IsServedEverywhere(PathString path) =>
        path == Client || path.StartsWithSegments(OperatorPage) || path.StartsWithSegments(Shared);
}
