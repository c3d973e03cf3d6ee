using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Delivery;

/// <summary>Limits how many topics a user creates at this instance. Each topic without notifications leaves its epoch in Redis for a while.</summary>
internal sealed class UnusedTopicLimit(IOptions<SubscriptionLimitOptions> options, DeliveryTelemetry telemetry) : IDisposable
{
    private readonly Rate _rate = options.Value.UnusedTopics;
    private readonly RateLimit _users = new(options.Value.UnusedTopics);

    /// <exception cref="HubException">The user may not create another topic now.</exception>
    public void Take(string user, StreamName topic)
    {
        if (_users.Refuses(user) is not null)
        {
            telemetry.Refused("unused_topics");
            throw new HubException(
                $"{Unavailable.Prefix} nobody has published to {topic}, and this user subscribes to such topics more often than the {_rate.Burst} at once and {_rate.PerSecond} per second that {SubscriptionLimitOptions.Section}:{nameof(SubscriptionLimitOptions.UnusedTopics)} lets in. Ask again after a second.");
        }
    }

    public void Dispose() => _users.Dispose();
}
