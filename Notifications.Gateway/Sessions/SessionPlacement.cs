using System.Runtime.CompilerServices;
using Notifications.Transport;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// Gives a new session to the instance with the fewest requests under way. Sessions whose requests are over
/// count too. Requests of existing sessions do not come here: affinity finds their instance first.
/// </summary>
/// <remarks>
/// A SignalR session starts with a short request (negotiate) and opens its lasting request after that. If only lasting
/// requests counted, a crowd that arrives in between would all go to the same instance. So each new session counts as a
/// request at first. That count fades in about the time that a client takes to connect.
/// An instance that has just started has no sessions, and has compiled little of its code. So that it does not get a whole crowd alone, for example
/// that of another instance that was killed, new sessions go to all instances in turn for <see cref="WarmUp"/> after an instance was first read of.
/// </remarks>
internal sealed class SessionPlacement(TimeProvider time, SessionTransport? transport = null) : ILoadBalancingPolicy
{
    public const string PolicyName = "SessionPlacement";
    private static readonly TimeSpan Fading = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);

    private readonly ConditionalWeakTable<DestinationState, Arrivals> _arrivals = [];
    private readonly Lock _lock = new();

    public string Name => PolicyName;

    public DestinationState? PickDestination(HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations)
    {
        var now = time.GetTimestamp();
        var coldSince = time.GetUtcNow() - WarmUp;
        var isAnyCold = availableDestinations.Any(destination => HubDestination.KnownSinceOf(destination.Model.Config) > coldSince);
        lock (_lock)
        {
            var picked = availableDestinations.MinBy(destination => ArrivalsOf(destination).At(now, time) + (isAnyCold ? 0 : SessionsOf(destination)));
            if (picked is not null)
            {
                ArrivalsOf(picked).Add(now, time);
            }

            return picked;
        }
    }

    private int SessionsOf(DestinationState destination) =>
        destination.ConcurrentRequestCount + (transport?.DetachedAt(destination.Model.Config.Address) ?? 0);

    private Arrivals ArrivalsOf(DestinationState destination) => _arrivals.GetOrCreateValue(destination);

    private sealed class Arrivals
    {
        private double _count;
        private long _at;

        public double At(long now, TimeProvider time) => _count * Math.Exp(-(time.GetElapsedTime(_at, now) / Fading));

        public void Add(long now, TimeProvider time)
        {
            _count = At(now, time) + 1;
            _at = now;
        }
    }
}
