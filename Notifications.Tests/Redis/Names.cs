using Microsoft.Extensions.Options;
using Notifications.Messaging;
using Notifications.Messaging.Redis;

namespace Notifications.Tests.Redis;

/// <summary>The names in Redis, for tests that look at what is there.</summary>
internal static class Names
{
    /// <summary>Those of a service that is configured for none other.</summary>
    public static RedisNames Default { get; } = With("");

    public static RedisNames With(string prefix) => new(Options.Create(new NotificationOptions { KeyPrefix = prefix }));
}
