using System.Net.Mime;

namespace Notifications.Gateway;

/// <summary>Adds headers that restrict what a browser may do with the gateway's answers.</summary>
internal static class SecurityHeaders
{
    /// <summary>The pages may load their own files and call the gateway, whatever a payload contains. No page may frame them.</summary>
    public const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void UseSecurityHeaders(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment())
        {
            app.UseHsts();
        }

        app.Use((context, next) =>
        {
            context.Response.OnStarting(Add, context.Response);
            return next(context);
        });
    }

    private static Task Add(object state)
    {
        var response = (HttpResponse)state;
        response.Headers.XContentTypeOptions = "nosniff";
        if (response.ContentType?.StartsWith(MediaTypeNames.Text.Html, StringComparison.OrdinalIgnoreCase) is true)
        {
            response.Headers.ContentSecurityPolicy = PagePolicy;
        }

        return Task.CompletedTask;
    }
}
