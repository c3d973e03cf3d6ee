using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.CookiePolicy;
using Microsoft.Extensions.Options;
using HeaderNames = Microsoft.Net.Http.Headers.HeaderNames;

namespace Notifications.Gateway;

/// <summary>
/// Decides which pages may use the gateway: pages from its own address and from <see cref="GatewayOptions.Origins"/>. For a WebSocket, a
/// browser sends its page's origin, and the server has to refuse it (cross-site WebSocket hijacking, RFC 6455, 10.2). A request without an
/// origin does not come from a page of another origin.
/// </summary>
internal sealed class Origins(IOptions<GatewayOptions> options)
{
    /// <summary>The origins of the configuration, as browsers write them.</summary>
    public IReadOnlySet<string> Listed { get; } = options.Value.Origins.Select(origin => Normal(origin)!).ToHashSet();

    public bool Allows(HttpRequest request) => request.Headers.Origin switch
    {
        { Count: 0 } => true,
        { Count: 1 } origin => Listed.Contains(origin.ToString()) || IsOwn(origin.ToString(), request),
        _ => false,
    };

    /// <summary>
    /// Returns an origin as browsers write it: lower case, no default port, no path. Null when the text is not an origin. Apps have schemes of
    /// their own, such as <c>capacitor://localhost</c>.
    /// </summary>
    public static string? Normal(string? origin)
    {
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            || uri.Scheme is "ws" or "wss" or "file"
            || uri.HostNameType is not (UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6))
        {
            return null;
        }

        var host = uri.HostNameType == UriHostNameType.IPv6 ? uri.Host : uri.IdnHost;
        var normal = $"{uri.Scheme}://{host}{(uri.IsDefaultPort ? "" : $":{uri.Port}")}";
        return string.Equals(normal, origin, StringComparison.OrdinalIgnoreCase)
            || string.Equals($"{uri.Scheme}://{uri.Authority}", origin, StringComparison.OrdinalIgnoreCase)
            || string.Equals($"{uri.Scheme}://{host}:{uri.Port}", origin, StringComparison.OrdinalIgnoreCase)
            ? normal
            : null;
    }

    /// <summary>
    /// Whether the origin is the host that the request was sent to. The scheme of an HTTP request is not compared, because TLS may end before the
    /// gateway. But a page over HTTP can't use a gateway over HTTPS.
    /// </summary>
    private static bool IsOwn(string origin, HttpRequest request) =>
        Normal(origin) is { } normal
        && new Uri(normal) is { Scheme: "http" or "https" } page
        && !(request.IsHttps && page.Scheme == Uri.UriSchemeHttp)
        && string.Equals(page.Host, request.Host.Host, StringComparison.OrdinalIgnoreCase)
        && page.Port == (request.Host.Port ?? (page.Scheme == Uri.UriSchemeHttps ? 443 : 80));
}

internal static class OriginsRegistration
{
    private const int ShownLength = 100;
    private static readonly TimeSpan PreflightLifetime = TimeSpan.FromMinutes(10);

    public static void AddOrigins(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Origins>();
        builder.Services.AddCors();
    }

    /// <summary>
    /// Runs before other work is done for a request. Answers 403 to a page of a foreign origin, and adds CORS headers for the listed origins.
    /// </summary>
    public static void UseOrigins(this WebApplication app)
    {
        var origins = app.Services.GetRequiredService<Origins>();
        var telemetry = app.Services.GetRequiredService<GatewayTelemetry>();
        app.Use((context, next) =>
        {
            if (origins.Allows(context.Request))
            {
                return next(context);
            }

            telemetry.Refused("origin");
            var origin = context.Request.Headers.Origin.ToString();
            return TypedResults.Problem(
                $"A page of the origin \"{origin[..Math.Min(origin.Length, ShownLength)]}\" may not use this gateway. Serve it from the gateway's own address, or add the origin to {GatewayOptions.Section}:{nameof(GatewayOptions.Origins)}.",
                statusCode: StatusCodes.Status403Forbidden).ExecuteAsync(context);
        });
        app.UseCors(cors => cors
            .WithOrigins([.. origins.Listed])
            .AllowCredentials() // The affinity cookie.
            .AllowAnyHeader()
            .WithMethods(HttpMethods.Get, HttpMethods.Post, HttpMethods.Put, HttpMethods.Delete)
            .WithExposedHeaders(HeaderNames.RetryAfter)
            .SetPreflightMaxAge(PreflightLifetime));
        app.UseCookiePolicy(new CookiePolicyOptions { OnAppendCookie = cookie => AllowCrossSite(cookie, hasForeign: origins.Listed.Count > 0) });
    }

    public static IEnumerable<ValidationResult> ValidateOrigins(GatewayOptions options) => options.Origins
        .Where(origin => Origins.Normal(origin) is null)
        .Select(origin => new ValidationResult(
            $"{GatewayOptions.Section}:{nameof(GatewayOptions.Origins)} has \"{origin}\", which is no origin. It has to be scheme://host[:port] without a path or a wildcard, such as https://app.example.com."));

    /// <summary>
    /// Lets a browser send a cookie from a page of another site, over HTTPS only. That works also in browsers that partition cookies by the
    /// page's site (CHIPS). Otherwise the cookie stays as strict as it was created.
    /// </summary>
    private static void AllowCrossSite(AppendCookieContext cookie, bool hasForeign)
    {
        if (hasForeign && cookie.Context.Request.IsHttps)
        {
            cookie.CookieOptions.SameSite = SameSiteMode.None;
            cookie.CookieOptions.Secure = true;
            cookie.CookieOptions.Extensions.Add("Partitioned");
        }
    }
}
