using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Notifications.Messaging;

/// <summary>Spans and metrics of publishing.</summary>
public sealed class MessagingTelemetry
{
    /// <summary>The name of the activity source and of the meter.</summary>
    public const string Name = "Notifications.Messaging";

    private static readonly ActivitySource Source = new(Name);

    private readonly Counter<long> _published;

    public MessagingTelemetry(IMeterFactory meters) =>
        _published = meters.Create(Name).CreateCounter<long>(
            "notifications.published", "{notification}", "Notifications that Redis accepted, by whether their id was known (duplicate).");

    internal Activity? StartPublish(StreamName stream)
    {
        var activity = Source.StartActivity("publish notification", ActivityKind.Producer);
        activity?.SetTag("messaging.system", "redis").SetTag("messaging.operation.type", "send").SetTag("messaging.destination.name", stream.Value);
        return activity;
    }

    internal void Published(Activity? activity, PublishResult result)
    {
        activity?.SetTag("messaging.message.id", result.Id).SetTag("notification.offset", result.Offset);
        _published.Add(1, new KeyValuePair<string, object?>("duplicate", result.Duplicate));
    }
}
