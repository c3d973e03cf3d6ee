using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Notifications.Gateway.Limits;

internal static class BodyLimits
{
    /// <summary>
    /// Refuses a body that is too large: 413. A body with a Content-Length is refused before it is read, any other body when it exceeds the limit.
    /// </summary>
    public static void UseBodyLimits(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<LimitOptions>>().Value;
        var telemetry = app.Services.GetRequiredService<GatewayTelemetry>();
        app.Use((context, next) =>
        {
            if (IsWebSocket(context))
            {
                return next(context);
            }

            var (bytes, _) = LimitOf(context.Request, options);
            if (context.Request.ContentLength > bytes)
            {
                telemetry.Refused("body_size");
                return TypedResults.Problem(DetailOf(context, options), statusCode: StatusCodes.Status413PayloadTooLarge).ExecuteAsync(context);
            }

            context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = bytes;
            return next(context);
        });
    }

    public static string DetailOf(HttpContext context, LimitOptions options)
    {
        var (bytes, name) = LimitOf(context.Request, options);
        var size = context.Request.ContentLength is { } length ? $"has {length} bytes" : "is too large";
        return $"The body {size} and may have {bytes} ({LimitOptions.Section}:{name}). Send less, or several requests.";
    }

    /// <summary>
    /// Here a WebSocket looks like a body without an end, and the hub limits its messages. A request that has a body of its own is not a WebSocket.
    /// </summary>
    private static bool IsWebSocket(HttpContext context) =>
        context.Request.Path.StartsWithSegments(Proxy.HubsPath)
        && (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true }
            || (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
                && HttpMethods.IsGet(context.Request.Method)
                && context.Request.ContentLength is null
                && !context.Request.Headers.ContainsKey(HeaderNames.TransferEncoding)));

    private static (int Bytes, string Name) LimitOf(HttpRequest request, LimitOptions options) =>
        request.Path.StartsWithSegments(Proxy.HubsPath) ? (options.SendBytes, nameof(LimitOptions.SendBytes))
        : request.Path.StartsWithSegments(Proxy.PublishPath) ? (options.PublishBytes, nameof(LimitOptions.PublishBytes))
        : (options.BodyBytes, nameof(LimitOptions.BodyBytes));
}
