using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;

namespace Notifications.Hubs.Limits;

/// <summary>Limits how many notifications a caller publishes over HTTP through this instance. The gateway sees requests only.</summary>
internal sealed class PublishLimit(IOptions<ConnectionLimitOptions> options, DeliveryTelemetry telemetry) : IDisposable
{
    private readonly Rate _rate = options.Value.PublishedNotifications;
    private readonly RateLimit _callers = new(options.Value.PublishedNotifications);

    /// <returns>Null: the caller may publish so many.</returns>
    public ProblemHttpResult? Refuses(HttpContext context, int notifications)
    {
        // An empty array publishes nothing.
        if (notifications == 0 || _callers.Refuses(context.User.FindFirst(TokenNames.UserClaim)!.Value, notifications) is not { } retryAfter)
        {
            return null;
        }

        telemetry.Refused("published_notifications");
        var seconds = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds));
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return TypedResults.Problem(
            $"This caller publishes more notifications than the {_rate.Burst} at once and {_rate.PerSecond} per second that {ConnectionLimitOptions.Section}:{nameof(ConnectionLimitOptions.PublishedNotifications)} lets in. Nothing was published. Try again after {seconds} s (Retry-After).",
            statusCode: StatusCodes.Status429TooManyRequests);
    }

    public void Dispose() => _callers.Dispose();
}
