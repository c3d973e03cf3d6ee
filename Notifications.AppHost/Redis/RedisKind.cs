namespace Notifications.AppHost.Redis;

/// <summary>The kind of Redis that the system runs on. Without <c>Redis:Kind</c> it is the first kind that is possible on this machine.</summary>
internal enum RedisKind
{
    /// <summary>The server that <c>ConnectionStrings:redis</c> names.</summary>
    Configured,

    /// <summary>A container, run by Docker or Podman.</summary>
    Container,

    /// <summary><c>redis-server</c> or <c>valkey-server</c> from PATH, as a process of the system.</summary>
    Server,

    /// <summary>Garnet inside the AppHost's own process, in memory only.</summary>
    Embedded,
}
