using System.Collections.Concurrent;

namespace Notifications.Gateway.Links;

/// <summary>
/// The links to hub instances, one each: opened for the first session, and anew for the next one after a link has ended or could not be opened. Nothing is kept of
/// a link that ended but whether its instance could be reached.
/// </summary>
internal sealed class SessionLinks(TimeProvider time, ILogger<SessionLinks> logger) : IDisposable
{
    private readonly Lock _opening = new();
    private readonly ConcurrentDictionary<string, HubLink> _links = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _refused = new(StringComparer.Ordinal);

    /// <summary>How many sessions go over them.</summary>
    public int Sessions => _links.Values.Sum(link => link.Count);

    /// <param name="address">Of the instance.</param>
    public HubLink Get(string address) => _links.GetValueOrDefault(address) ?? Open(address);

    /// <summary>The instance could not be reached at the last attempt to open a link to it.</summary>
    /// <param name="address">Of the instance.</param>
    public bool IsRefused(string address) => _refused.ContainsKey(address);

    /// <summary>Of other instances it is of no interest any more whether they could be reached.</summary>
    /// <param name="addresses">Of the instances that there are.</param>
    public void KeepOnly(IReadOnlySet<string> addresses)
    {
        foreach (var address in _refused.Keys.Where(address => !addresses.Contains(address)))
        {
            _refused.TryRemove(address, out _);
        }
    }

    /// <summary>As of <see cref="HubLink.Taken"/>.</summary>
    /// <param name="address">Of the instance.</param>
    public int TakenOf(string address) => _links.TryGetValue(address, out var link) ? link.Taken : 0;

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
