using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Delivery;

/// <summary>Reads the next page of a stream's log for a subscription.</summary>
internal sealed class SubscriptionReader(LogReader log, IOptions<DeliveryOptions> options, UnusedTopicLimit unusedTopics)
{
    private readonly int _pageSize = options.Value.PageSize;

    /// <summary>
    /// Reads the page after the subscription's position. A new subscription has none: the page begins after the position that its client named, or else after
    /// the device's cursor, or else at the end of the log.
    /// </summary>
    /// <returns>The page, and whether nothing is missing between that position and the page.</returns>
    /// <exception cref="HubException">Nobody has published to the topic, and the user subscribes to such topics too often (<see cref="UnusedTopicLimit"/>).</exception>
    public async Task<(StreamPage Page, bool IsRecovered)> ReadAsync(Subscription subscription, DeviceName? device, string user)
    {
        var stream = subscription.Stream;
        var known = subscription.Position ?? subscription.Since;
        // A client may renew the epoch of its own stream only. Renewing that of a topic would reset every subscriber.
        var givenOutIn = subscription.Position is not null || stream.IsUser ? known?.Epoch : null;
        var read = await ReadAsync(begins: stream.IsUser || subscription.Position is not null);
        if (read.Page.Epoch.Length == 0)
        {
            unusedTopics.Take(user, stream);
            read = await ReadAsync(begins: true);
        }

        if (known is not { } position || position.Epoch == read.Page.Epoch)
        {
            return (read, read.Page.IsContiguous);
        }

        // The offset belongs to another log. Everything in this log is new to the client.
        return (await log.ReadAfterAsync(stream, 0, _pageSize), false);

        Task<StreamPage> ReadAsync(bool begins) => known is { } from ? log.ReadAfterAsync(stream, from.Offset, _pageSize, givenOutIn, from.Token, begins)
            : device is { } named ? log.ReadAfterCursorAsync(stream, named, _pageSize, begins)
            : log.ReadEndAsync(stream, begins);
    }
}
