using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Notifications.Transport.GatewayEnd;

namespace Notifications.Transport;

/// <summary>A client's request that is forwarded to a hub.</summary>
/// <param name="Client">The client's request.</param>
/// <param name="Address">Of the hub instance.</param>
/// <param name="Protocol">What that instance says in the registry that it takes (<see cref="OfferedTransport"/>); null: HTTP alone.</param>
internal readonly record struct TransportedRequest(HttpContext Client, string Address, string? Protocol);

/// <summary>
/// The gateway's end: the links to hub instances, one each, opened for the first session, and anew for the next one after a link has ended or could not be opened.
/// Nothing is kept of a link that ended but whether its instance could be reached.
/// </summary>
internal sealed class SessionTransport(TimeProvider time, ILogger<SessionTransport> logger) : IDisposable
{
    private readonly Lock _opening = new();
    private readonly ConcurrentDictionary<string, HubLink> _links = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _refused = new(StringComparer.Ordinal);

    /// <summary>How many sessions go over them.</summary>
    public int Sessions => _links.Values.Sum(link => link.Count);

    /// <summary>Forwards sessions over links where it can, and everything else as <paramref name="inner"/> does.</summary>
    /// <param name="inner">Forwards by HTTP.</param>
    /// <param name="transported">Whom a request is forwarded for and where to; null: it is not for one instance.</param>
    public HttpMessageHandler Over(HttpMessageHandler inner, Func<HttpRequestMessage, TransportedRequest?> transported) => new LinkedSessions(inner, this, transported);

    /// <summary>The instance could not be reached at the last attempt to open a link to it. It is tried again, so that the next question is answered by that.</summary>
    /// <param name="address">Of the instance.</param>
    public bool IsUnreachable(string address)
    {
        if (!_refused.ContainsKey(address))
        {
            return false;
        }

        Get(address);
        return true;
    }

    /// <param name="address">Of the instance.</param>
    public HubLink Get(string address) => _links.GetValueOrDefault(address) ?? Open(address);

    /// <summary>Of other instances it is of no interest any more whether they could be reached.</summary>
    /// <param name="addresses">Of the instances that there are.</param>
    public void KeepOnly(IReadOnlySet<string> addresses)
    {
        foreach (var address in _refused.Keys.Where(address => !addresses.Contains(address)))
        {
            _refused.TryRemove(address, out _);
        }
    }

    /// <summary>Sessions whose request is over, so that YARP does not count them at their instance any more.</summary>
    /// <param name="address">Of the instance.</param>
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

            var link = new HubLink(new Uri(address), time, Opened, Ended, logger);
            // First kept, then started: one that is refused at once has to be found by Ended.
            _links[address] = link;
            link.Start();
            return link;
        }

        void Opened(HubLink link) => _refused.TryRemove(address, out _);

        void Ended(HubLink link)
        {
            if (!link.WasOpened)
            {
                _refused[address] = true;
            }

            // Last: from now on the next one is opened.
            _links.TryRemove(KeyValuePair.Create(address, link));
        }
    }
}
