using StackExchange.Redis;

namespace Notifications.Messaging;

/// <summary>
/// Redis took a notification, and fewer replicas than <see cref="NotificationOptions.WaitForReplicas"/> confirmed it in time. It
/// stands in the log and may be lost if the primary dies now: publish again with the same id, which asks the replicas again.
/// </summary>
public sealed class NotReplicatedException(string message) : RedisException(message);
