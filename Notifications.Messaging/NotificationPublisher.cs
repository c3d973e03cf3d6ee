using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Notifications.Messaging.Log;

namespace Notifications.Messaging;

/// <summary>Publishes notifications to streams, from any service. <see cref="MessagingRegistration.AddNotificationPublisher"/> registers it.</summary>
public sealed class NotificationPublisher
{
    /// <summary>The longest <see cref="Notification.Type"/>, in characters.</summary>
    public const int MaxTypeLength = 128;

    private readonly NotificationLog _log;
    private readonly NotificationOptions _options;
    private readonly MessagingTelemetry _telemetry;
    private readonly TimeProvider _time;

    internal NotificationPublisher(NotificationLog log, IOptions<NotificationOptions> options, MessagingTelemetry telemetry, TimeProvider time) =>
        (_log, _options, _telemetry, _time) = (log, options.Value, telemetry, time);

    /// <summary>
    /// Appends the notification to the stream's log and sends it to the hubs that have subscribers, in one atomic step. When this returns, Redis has the
    /// notification, and subscribers get it in the order of the offsets. Notifications of one stream get their offsets in the order of the calls, even if the
    /// calls do not wait for each other. With <see cref="NotificationOptions.WaitForReplicas"/>, so many replicas have the notification too; if they do not,
    /// this throws <see cref="NotReplicatedException"/>. If this throws a <see cref="StackExchange.Redis.RedisException"/> or a time-out, the notification may
    /// be in the log or not: publish it again with the same id. Durability depends on Redis's persistence: docs/reliability.md.
    /// </summary>
    /// <exception cref="ArgumentException">The id, the type, the payload or the push part breaks a limit; nothing was published.</exception>
    public async Task<PublishResult> PublishAsync(
        StreamName stream, Notification notification, CancellationToken cancellationToken = default)
    {
        notification = Checked(stream, notification);
        cancellationToken.ThrowIfCancellationRequested();
        using var activity = _telemetry.StartPublish(stream);
        var entry = LogEntry.Write(notification, _time.GetUtcNow(), activity?.Id);
        // AppendLane collects the appends of all callers and runs publish.lua.
        var result = await _log.AppendAsync(stream, notification.Id, entry, notification.Push?.Grace).WaitAsync(cancellationToken);
        _telemetry.Published(activity, result);
        return result;
    }

    /// <summary>
    /// Publishes several notifications. The notifications of each stream get their offsets in the order of the list. All are checked first, so an invalid one
    /// publishes none. If Redis fails in between, publish all again with the same ids.
    /// </summary>
    /// <exception cref="ArgumentException">A notification breaks a limit; nothing was published.</exception>
    public async Task<PublishResult[]> PublishAsync(
        IReadOnlyList<(StreamName Stream, Notification Notification)> notifications, CancellationToken cancellationToken = default)
    {
        foreach (var (stream, notification) in notifications)
        {
            Checked(stream, notification);
        }

        // The notifications of a stream enter its lane in the order of the list.
        return await Task.WhenAll(notifications.Select(each => PublishAsync(each.Stream, each.Notification, cancellationToken)));
    }

    /// <returns>The notification with all times of its push part set.</returns>
    private Notification Checked(StreamName stream, Notification notification)
    {
        var refusal = notification switch
        {
            _ when !StreamName.IsValidId(notification.Id) =>
                $"The notification id has {notification.Id.Length} characters or one that is not allowed: it takes 1 to {StreamName.MaxIdLength} out of a-z A-Z 0-9 . _ - ~ @ + = : | / ! $.",
            _ when notification.Type.Length is 0 or > MaxTypeLength =>
                $"The notification type has {notification.Type.Length} characters: it takes 1 to {MaxTypeLength}.",
            _ when !JsonRule.IsText(notification.Type) => $"The notification type {JsonRule.NoText}",
            { Payload.ValueKind: JsonValueKind.Undefined } => "The notification has no payload. Set one; JSON null is allowed.",
            _ when JsonRule.Error(notification.Payload) is { } error => $"The notification payload {error}",
            _ => null,
        };
        if (refusal is not null)
        {
            throw new ArgumentException(refusal, nameof(notification));
        }

        var size = JsonMarshal.GetRawUtf8Value(notification.Payload).Length;
        if (size > _options.MaxPayloadBytes)
        {
            throw new PayloadTooLargeException(
                $"The notification payload has {size} bytes and the limit is {_options.MaxPayloadBytes}. Send less, such as a link to the rest, or raise {NotificationOptions.Section}:{nameof(NotificationOptions.MaxPayloadBytes)}.",
                nameof(notification));
        }

        return notification.Push is { } push ? notification with { Push = Checked(stream, push) } : notification;
    }

    private Push Checked(StreamName stream, Push push)
    {
        if (!stream.IsUser)
        {
            throw new ArgumentException(
                $"The stream {stream} is a topic, and a topic has no phones. Publish to user:<id>, or without \"push\".", nameof(push));
        }

        var timed = push with
        {
            Grace = push.Grace ?? _options.PushGrace,
            TimeToLive = push.TimeToLive ?? _options.PushTimeToLive,
        };
        if (timed.Error() is { } error)
        {
            throw new ArgumentException($"The push part is not valid: {error}", nameof(push));
        }

        var size = timed.ToJson().Length;
        return size <= _options.MaxPayloadBytes ? timed : throw new PayloadTooLargeException(
            $"The push part has {size} bytes and the limit is {_options.MaxPayloadBytes}. Send less. A phone gets only the position of a message of more than 4,096 bytes.",
            nameof(push));
    }
}

/// <summary>A payload or a push part is larger than <see cref="NotificationOptions.MaxPayloadBytes"/>.</summary>
public sealed class PayloadTooLargeException(string message, string parameterName) : ArgumentException(message, parameterName);
