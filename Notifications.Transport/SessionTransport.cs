using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Notifications.Transport.GatewayEnd;

namespace Notifications.Transport;

/// <summary>
/// A client's request that is forwarded to a hub, with the link protocol that the instance names in the registry (<see cref="OfferedTransport"/>).
/// Without a protocol the instance takes HTTP only.
/// </summary>
internal readonly record struct TransportedRequest(HttpContext Client, string Address, string? Protocol);

/// <summary>
/// The gateway's links to hub instances, one for each instance. The first session of an instance opens the link. After a link has ended or could
/// not be opened, the next session opens a new link. Of an ended link only one fact is kept: whether its instance could be reached.
/// </summary>
internal sealed class SessionTransport(TimeProvider time, ILogger<SessionTransport> logger) : IDisposable
{
    private readonly Lock _opening = new();
    private readonly ConcurrentDictionary<string, HubLink> _links = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _refused = new(StringComparer.Ordinal);

    /// <summary>The number of sessions over all links.</summary>
    public int Sessions => _links.Values.Sum(link => link.Count);

    /// <summary>Returns a handler that forwards sessions over links if it can, and all other requests through <paramref name="inner"/>.</summary>
    /// <param name="inner">Forwards by HTTP.</param>
    /// <param name="transported">Returns the client's request and the instance of a forwarded request. Null when the request is not for one instance.</param>
    public HttpMessageHandler Over(HttpMessageHandler inner, Func<HttpRequestMessage, TransportedRequest?> transported) => new LinkedSessions(inner, this, transported);

    /// <summary>
    /// Whether the last attempt to open a link to the instance failed. If so, also starts a new attempt, so that a later call returns its result.
    /// </summary>
    public bool IsUnreachable(string address) =>
        _refused.ContainsKey(address) && !Get(address).WasOpened
        // The link may have been open and ended in between. Then the failure before it no longer counts.
        && _refused.ContainsKey(address);

    /// <summary>Returns the link to the instance. Opens it when there is none.</summary>
    public HubLink Get(string address) => _links.GetValueOrDefault(address) ?? Open(address);

    /// <summary>Forgets the failed attempts to reach instances that no longer exist.</summary>
    public void KeepOnly(IReadOnlySet<string> addresses)
    {
        foreach (var address in _refused.Keys.Where(address => !addresses.Contains(address)))
        {
            _refused.TryRemove(address, out _);
        }
    }

    /// <summary>The number of sessions of the instance whose request is over, so that YARP no longer counts them.</summary>
    public int DetachedAt(string address) => _links.TryGetValue(address, out var link) ? link.Taken : 0;

    public void Dispose()
    {
        foreach (var link in _links.Values)
        {
            link.Dispose();
        }
    }

    private HubLink Open(string address)
    {
        lock (_opening)
        {
            if (_links.GetValueOrDefault(address) is { } other)
            {
                return other;
            }

            var link = new HubLink(new Uri(address), time, Ended, logger);
            // Kept before it is started: when the link is refused at once, Ended has to find it.
            _links[address] = link;
            link.Start();
            return link;
        }

        void Ended(HubLink link)
        {
            if (link.WasOpened)
            {
                _refused.TryRemove(address, out _);
            }
            else
            {
                _refused[address] = true;
            }

            // Last: from now on the next session opens a new link.
            _links.TryRemove(KeyValuePair.Create(address, link));
        }
    }
}
