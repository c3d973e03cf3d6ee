namespace Notifications.AppHost.Redis;

/// <summary>Which Redis the system runs on. Without <c>Redis:Kind</c> it is the first of these that this machine can have.</summary>
internal enum RedisKind
{
    /// <summary>The server that <c>ConnectionStrings:redis</c> names.</summary>
    Configured,

    /// <summary>A container, by Docker or Podman.</summary>
    Container,

    /// <summary><c>redis-server</c> or <c>valkey-server</c> from PATH, as a process of the system.</summary>
    Server,

    /// <summary>Garnet inside the AppHost's own process, in memory only.</summary>
    Embedded,
}
