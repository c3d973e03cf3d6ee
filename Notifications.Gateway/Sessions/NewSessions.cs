using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// Finds an instance for a request that begins a session: one that is there to stay, and if that one can't be reached, another at
/// once. The beginning of a session has no effect at an instance that did not answer it. Other requests go to the instance that their session lives at.
/// A call of the hubs' APIs goes to one that is there to stay, and is not tried again.
/// </summary>
internal static class NewSessions
{
    private const int MaxTries = 3;

    public static IReverseProxyApplicationBuilder UseNewSessions(this IReverseProxyApplicationBuilder proxy)
    {
        var options = proxy.ApplicationServices.GetRequiredService<IOptions<GatewayOptions>>().Value;
        var time = proxy.ApplicationServices.GetRequiredService<TimeProvider>();
        // By then every gateway has read of an instance that this one reads of now.
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

            // A session lives at its instance or not at all. That the instance could not be reached a moment ago is no reason to ask another.
            feature.AvailableDestinations = NamedBy(SessionRequest.IdOf(context.Request), feature.AllDestinations);
            return feature.AvailableDestinations.Count > 0 || feature.AllDestinations.Count == 0 ? next(context) : UnknownAsync(context);
        });
        return proxy;
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

            // What the try has left, the affinity to the instance that failed for one.
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
    /// Those that are not draining, even where the affinity cookie of an earlier session names one that is: a client that such an
    /// instance told to reconnect has to come out elsewhere. And those that every gateway knows: the session's next request may come
    /// through another one. With no such instances left the others are used all the same.
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

    /// <returns>The instance whose key the id has. All, if it has none or instances have no keys: then the affinity cookie tells.</returns>
    private static IReadOnlyList<DestinationState> NamedBy(string id, IReadOnlyList<DestinationState> destinations) =>
        SessionId.KeyIn(id) is { } key && destinations.Any(destination => HubDestination.IsInstance(destination.Model.Config))
            ? [.. destinations.Where(destination => HubDestination.KeyOf(destination.Model.Config) == key)]
            : destinations;

    private static Task UnknownAsync(HttpContext context) => TypedResults.Problem(
        "The id names no session at a hub that is running. Begin one by negotiate.", statusCode: StatusCodes.Status404NotFound).ExecuteAsync(context);

    private static bool Failed(HttpContext context) =>
        !context.Response.HasStarted
        && context.GetForwarderErrorFeature()?.Error is ForwarderError.Request or ForwarderError.RequestTimedOut or ForwarderError.NoAvailableDestinations;

    private static bool HasBody(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false };
}
