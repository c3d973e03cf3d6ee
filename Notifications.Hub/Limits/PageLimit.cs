using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;

namespace Notifications.Hubs.Limits;

/// <summary>Limits how many pages of their log this instance sends to a user at once. A user who takes them slowly holds the memory of each.</summary>
internal sealed class PageLimit(IOptions<ConnectionLimitOptions> options, DeliveryTelemetry telemetry) : IDisposable
{
    private const string Soon = "1";

    private readonly PartitionedRateLimiter<string>? _users = options.Value.PagesPerUser == 0 ? null
        : PartitionedRateLimiter.Create<string, string>(user => RateLimitPartition.GetConcurrencyLimiter(
            user, _ => new ConcurrencyLimiterOptions { PermitLimit = options.Value.PagesPerUser }));

    /// <returns>Null: the user may have another page. It counts until the answer is sent.</returns>
    public ProblemHttpResult? Refuses(HttpContext context, string user)
    {
        if (_users?.AttemptAcquire(user) is not { } page)
        {
            return null;
        }

        context.Response.RegisterForDispose(page);
        if (page.IsAcquired)
        {
            return null;
        }

        telemetry.Refused("pages_per_user");
        context.Response.Headers.RetryAfter = Soon;
        return TypedResults.Problem(
            $"This user is being sent {options.Value.PagesPerUser} pages, as many at once as {ConnectionLimitOptions.Section}:{nameof(ConnectionLimitOptions.PagesPerUser)} allows. Ask for one after the other. Try again after {Soon} s (Retry-After).",
            statusCode: StatusCodes.Status429TooManyRequests);
    }

    public void Dispose() => _users?.Dispose();
}
