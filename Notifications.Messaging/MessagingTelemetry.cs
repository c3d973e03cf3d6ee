using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;

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
            "notifications.published", "{notification}", "Notifications that Redis has taken, by whether their id was known (duplicate).");

    internal Activity? StartPublish(StreamName stream)
    {
        var activity = Source.StartActivity("publish notification", ActivityKind.Producer);
        activity?.SetTag("messaging.system", "redis").SetTag("messaging.operation.type", "send").SetTag("messaging.destination.name", stream.Value);
        return activity;
    }

    /// <summary>The call of a script that StackExchange.Redis's own instrumentation does not see; tagged as OpenTelemetry's conventions for Redis have it.</summary>
    internal static Activity? StartScript(EndPoint server)
    {
        var activity = Source.StartActivity("EVALSHA", ActivityKind.Client);
        if (activity is not null)
        {
            activity.SetTag("db.system", "redis").SetTag("db.statement", "EVALSHA");
            var (host, port) = server switch
            {
                DnsEndPoint dns => (dns.Host, dns.Port),
                IPEndPoint ip => ($"{ip.Address}", ip.Port),
                _ => ($"{server}", 0),
            };
            activity.SetTag("server.address", host).SetTag("server.port", port);
        }

        return activity;
    }

    internal void Published(Activity? activity, PublishResult result)
    {
        activity?.SetTag("messaging.message.id", result.Id).SetTag("notification.offset", result.Offset);
        _published.Add(1, new KeyValuePair<string, object?>("duplicate", result.Duplicate));
    }
}
