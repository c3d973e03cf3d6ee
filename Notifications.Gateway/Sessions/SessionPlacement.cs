using System.Runtime.CompilerServices;
using Notifications.Transport;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// Gives a new session to the instance with the fewest requests under way and sessions whose requests are over. Sessions that an instance already has do not come
/// here: affinity finds their instance first.
/// </summary>
/// <remarks>
/// A SignalR session starts with a short request (negotiate) and only then opens the lasting one. Going by lasting requests
/// alone, a crowd that arrives within that gap would all be sent to the same instance. So a session given counts
/// as a request for about as long as a client takes to connect, fading.
/// </remarks>
internal sealed class SessionPlacement(TimeProvider time, SessionTransport? transport = null) : ILoadBalancingPolicy
{
    public const string PolicyName = "SessionPlacement";
    private static readonly TimeSpan Fading = TimeSpan.FromSeconds(1);

    private readonly ConditionalWeakTable<DestinationState, Arrivals> _arrivals = [];
    private readonly Lock _lock = new();

    public string Name => PolicyName;

    public DestinationState? PickDestination(HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            var picked = availableDestinations.MinBy(destination =>
                destination.ConcurrentRequestCount + (transport?.DetachedAt(destination.Model.Config.Address) ?? 0) + ArrivalsOf(destination).At(now, time));
            if (picked is not null)
            {
                ArrivalsOf(picked).Add(now, time);
            }

            return picked;
        }
    }

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
