using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Limits;
using Notifications.Hubs.Links;

namespace Notifications.Hubs.Delivery;

/// <summary>
/// Takes acknowledgements that need no answer out of what comes over a session link, before SignalR: there are as many of them as notifications, and all that
/// SignalR does for a call is for an entry in a table. Whatever is not quite such a call, such as one in a stream that the connection is not subscribed to, one
/// too many, or one that can't be read, goes to SignalR and is answered there.
/// </summary>
/// <remarks>
/// SignalR gives a connection up that it hears nothing from, and SignalR's clients send no pings while they send something else. So it gets one of them
/// now and then.
/// </remarks>
internal sealed class AcknowledgementShortcut : IHubFilter
{
    /// <summary>A client that then falls silent pings after half of the time-out, by SignalR's defaults.</summary>
    private const int HeardInTimeout = 3;

    private readonly TimeSpan _heardEvery;
    private readonly TimeProvider _time;

    public AcknowledgementShortcut(IOptions<HubOptions> options, IOptions<HubOptions<NotificationHub>> ofHub, TimeProvider time)
    {
        // Those of one hub have values only where something configures them for it. SignalR's own default is 30 s.
        var timeout = ofHub.Value.ClientTimeoutInterval ?? options.Value.ClientTimeoutInterval ?? TimeSpan.FromSeconds(30);
        (_heardEvery, _time) = (timeout / HeardInTimeout, time);
    }

    public Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        if (context.Context.GetHttpContext()?.Features.Get<HubSession>() is { } session)
        {
            var features = context.Context.Features;
            session.Taker = new Taker(
                features.GetRequiredFeature<ConnectionDelivery>(), features.GetRequiredFeature<CallAllowances>().Acknowledgements, _heardEvery, _time);
        }

        return next(context);
    }

    private sealed class Taker(ConnectionDelivery delivery, Allowance allowance, TimeSpan heardEvery, TimeProvider time) : IMessageTaker
    {
        private long _heardAt = time.GetTimestamp();

        public bool TryTake(ReadOnlySpan<byte> message)
        {
            if (!AcknowledgementMessage.TryRead(message, out var stream, out var position) || !delivery.IsSubscribed(stream))
            {
                return false;
            }

            if (time.GetElapsedTime(_heardAt) >= heardEvery)
            {
                _heardAt = time.GetTimestamp();
                return false;
            }

            if (!allowance.TryTake())
            {
                return false;
            }

            delivery.Acknowledge(stream, position);
            return true;
        }
    }
}
