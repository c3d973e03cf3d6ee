using StackExchange.Redis;

namespace Notifications.Messaging;

/// <summary>
/// Redis took a notification, but fewer replicas than <see cref="NotificationOptions.WaitForReplicas"/> confirmed it in time. The notification is in the log,
/// and it may be lost if the primary fails now. Publish it again with the same id: this asks the replicas again.
/// </summary>
public sealed class NotReplicatedException(string message) : RedisException(message);
