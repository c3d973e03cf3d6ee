using System.Globalization;

namespace Notifications.Gateway.Limits;

/// <summary>Answers a request that exceeds a limit. The answer names the limit and the remedy.</summary>
internal static class Refusal
{
    public static Task TooManyAsync(this HttpContext context, GatewayTelemetry telemetry, string limit, TimeSpan retryAfter, string detail) =>
        WriteAsync(context, telemetry, limit, StatusCodes.Status429TooManyRequests, retryAfter, detail);

    public static Task FullAsync(this HttpContext context, GatewayTelemetry telemetry, string limit, TimeSpan retryAfter, string detail) =>
        WriteAsync(context, telemetry, limit, StatusCodes.Status503ServiceUnavailable, retryAfter, detail);

    private static Task WriteAsync(HttpContext context, GatewayTelemetry telemetry, string limit, int status, TimeSpan retryAfter, string detail)
    {
        telemetry.Refused(limit);
        var seconds = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds));
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return TypedResults.Problem($"{detail} Try again after {seconds} s (Retry-After).", statusCode: status).ExecuteAsync(context);
    }
}
