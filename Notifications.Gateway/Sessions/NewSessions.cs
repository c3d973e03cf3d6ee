using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// Finds an instance for a request that begins a session: preferably an instance that is not draining. If that instance can't be reached, the
/// request goes to another instance at once. An instance that did not answer has not begun the session. Other requests go to the instance of
/// their session. A request to the hubs' APIs goes preferably to an instance that is not draining, and is not tried again.
/// </summary>
internal static class NewSessions
{
    private const int MaxTries = 3;

    public static void UseNewSessions(this IApplicationBuilder proxy)
    {
        var options = proxy.ApplicationServices.GetRequiredService<IOptions<GatewayOptions>>().Value;
        var time = proxy.ApplicationServices.GetRequiredService<TimeProvider>();
        // After this time every gateway has read of an instance that this gateway reads of now.
        var settling = options.PollInterval * HubDestinations.MaxJitter;
        proxy.Use((context, next) =>
        {
            var feature = context.GetReverseProxyFeature();
            if (feature.Cluster.Config.ClusterId == Proxy.HubApiCluster)
            {
                feature.AvailableDestinations = Staying(feature.AvailableDestinations);
            }

            if (feature.Cluster.Config.ClusterId != Proxy.HubCluster)
            {
                return next(context);
            }

            if (SessionRequest.Begins(context.Request))
            {
                return BeginAsync(context, feature, time.GetUtcNow() - settling, next);
            }

            // Only this instance can have the session. So it is asked even if it could not be reached a moment ago.
            feature.AvailableDestinations = NamedBy(SessionRequest.IdOf(context.Request), feature.AllDestinations);
            return feature.AvailableDestinations.Count > 0 || feature.AllDestinations.Count == 0 ? next(context) : UnknownAsync(context);
        });
    }

    private static async Task BeginAsync(HttpContext context, IReverseProxyFeature feature, DateTimeOffset settled, RequestDelegate next)
    {
        var candidates = feature.AvailableDestinations;
        var items = context.Items.Keys.ToHashSet();
        for (var tries = 1; ; tries++)
        {
            feature.AvailableDestinations = Preferred(candidates, settled);
            await next(context);
            if (!Failed(context))
            {
                return;
            }

            candidates = [.. candidates.Where(candidate => candidate != feature.ProxiedDestination)];
            if (tries == MaxTries || candidates.Count == 0 || HasBody(context))
            {
                break;
            }

            // Remove what the failed try has left, such as the affinity to the failed instance.
            context.Response.Clear();
            context.Features.Set<IForwarderErrorFeature>(null);
            foreach (var item in context.Items.Keys.Except(items).ToArray())
            {
                context.Items.Remove(item);
            }
        }

        context.Response.Clear();
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
    }

    /// <summary>
    /// Prefers instances that are not draining, even when the affinity cookie of an earlier session names a draining instance: a client that was
    /// told to reconnect has to reach another instance. Among them it prefers instances that every gateway knows, because the session's next
    /// request may come through another gateway. When no instance meets a condition, the condition is dropped.
    /// </summary>
    private static IReadOnlyList<DestinationState> Preferred(IReadOnlyList<DestinationState> destinations, DateTimeOffset settled)
    {
        var staying = Staying(destinations);
        DestinationState[] known = [.. staying.Where(destination => HubDestination.KnownSinceOf(destination.Model.Config) <= settled)];
        return known.Length > 0 ? known : staying;
    }

    private static IReadOnlyList<DestinationState> Staying(IReadOnlyList<DestinationState> destinations)
    {
        DestinationState[] staying = [.. destinations.Where(destination => !HubDestination.IsDraining(destination.Model.Config))];
        return staying.Length > 0 ? staying : destinations;
    }

    /// <returns>
    /// The instance whose key is in the id. All destinations when the id has no key, or when no destination has one: then the affinity cookie decides.
    /// </returns>
    private static IReadOnlyList<DestinationState> NamedBy(string id, IReadOnlyList<DestinationState> destinations) =>
        SessionId.KeyIn(id) is { } key && destinations.Any(destination => HubDestination.KeyOf(destination.Model.Config) is not null)
            ? [.. destinations.Where(destination => HubDestination.KeyOf(destination.Model.Config) == key)]
            : destinations;

    private static Task UnknownAsync(HttpContext context) => TypedResults.Problem(
        "No running hub has the session of this id. Call negotiate to begin a new session.", statusCode: StatusCodes.Status404NotFound).ExecuteAsync(context);

    private static bool Failed(HttpContext context) =>
        !context.Response.HasStarted
        && context.GetForwarderErrorFeature()?.Error is ForwarderError.Request or ForwarderError.RequestTimedOut or ForwarderError.NoAvailableDestinations;

    private static bool HasBody(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false };
}
