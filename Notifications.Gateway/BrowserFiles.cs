namespace Notifications.Gateway;

/// <summary>Serves the browser client <c>/notifications.js</c> and the operator's page in every environment, and in Development also the demo page.</summary>
internal static class BrowserFiles
{
    private const string Client = "/notifications.js";
    private const string OperatorPage = "/operator";

    /// <summary>The files that the operator's page and the demo page share.</summary>
    private const string Shared = "/shared";

    /// <summary>To be called before the token check: a browser loads pages and scripts without a token, and they contain nothing that needs one.</summary>
    public static void UseBrowserFiles(this WebApplication app)
    {
        var files = new StaticFileOptions
        {
            OnPrepareResponse = context =>
            {
                var headers = context.Context.Response.Headers;
                // File names have no version, so a browser asks each time and gets 304 when the file has not changed.
                headers.CacheControl = "no-cache";
                headers["Referrer-Policy"] = "no-referrer";
                headers.ContentSecurityPolicy = SecurityHeaders.PagePolicy;
            },
        };
        app.UseWhen(
            context => app.Environment.IsDevelopment() || IsServedEverywhere(context.Request.Path),
            everywhere => everywhere.UseDefaultFiles().UseStaticFiles(files));
    }

    private static bool IsServedEverywhere(PathString path) =>
        path == Client || path.StartsWithSegments(OperatorPage) || path.StartsWithSegments(Shared);
}
