using System.Globalization;

namespace Notifications.Gateway.Limits;

/// <summary>Answers a request that exceeds a limit. The answer names the limit and the remedy.</summary>
internal static class Refusal
{
    public static Task RefuseAsync(
        this HttpContext context, GatewayTelemetry telemetry, string limit, TimeSpan retryAfter, string detail,
        int status = StatusCodes.Status429TooManyRequests)
    {
        telemetry.Refused(limit);
        var seconds = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds));
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return TypedResults.Problem($"{detail} Try again after {seconds} s (Retry-After).", statusCode: status).ExecuteAsync(context);
    }
}
