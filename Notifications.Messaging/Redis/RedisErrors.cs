using StackExchange.Redis;

namespace Notifications.Messaging.Redis;

/// <summary>What a command fails with while Redis does not serve.</summary>
internal static class RedisErrors
{
    /// <summary>Redis does not answer, refused, or was lost meanwhile. Whatever else is thrown is a defect, or somebody's own cancellation.</summary>
    public static bool IsFromRedis(this Exception exception) => exception is RedisException or TimeoutException || IsOfClosedConnection(exception);

    /// <summary>The same error as one of those that callers are promised.</summary>
    public static Exception AsRedisError(this Exception exception) => IsOfClosedConnection(exception)
        ? new RedisConnectionException(ConnectionFailureType.SocketClosed, CommandFlags.None, $"The connection to Redis was lost while a command was given to it: {exception.Message}", exception)
        : exception;

    /// <summary>What Redis answered; <see cref="RedisErrorKind.None"/>: it did not answer.</summary>
    public static RedisErrorKind Answer(this Exception exception) => exception is RedisServerException answer ? answer.Kind : RedisErrorKind.None;

    /// <summary>Whether the server refuses each write, whatever it is about: the same one again, or a part of it, is refused as well.</summary>
    public static bool IsOfEveryWrite(this Exception exception) =>
        exception.Answer() is RedisErrorKind.OutOfMemory or RedisErrorKind.ReadOnly or RedisErrorKind.NoReplicas or RedisErrorKind.Misconfigured;

    /// <summary>Why Redis does not serve, as a sentence for its operator.</summary>
    public static string Reason(this Exception exception) => exception switch
    {
        RedisServerException { Kind: RedisErrorKind.OutOfMemory } => "Redis takes no more data, as its memory is full (maxmemory).",
        RedisServerException { Kind: RedisErrorKind.ReadOnly } => "Redis takes no writes, as the server that was asked is a replica (READONLY).",
        RedisServerException { Kind: RedisErrorKind.NoReplicas } => "Redis takes no writes, as it has fewer replicas than min-replicas-to-write asks for (NOREPLICAS).",
        RedisServerException { Kind: RedisErrorKind.Misconfigured } => "Redis takes no writes, as it can't save its data to disk (MISCONF).",
        NotReplicatedException => exception.Message,
        // No server of it answers, or only replicas.
        RedisConnectionException { FailureType: ConnectionFailureType.UnableToResolvePhysicalConnection } => "No primary of Redis answers.",
        RedisServerException => $"Redis refuses: {exception.Message}",
        _ => "Redis does not answer.",
    };

    /// <summary>
    /// StackExchange.Redis cancels a command, by no token, that it can't give to a connection. After a service that stops without Redis has disposed
    /// the connection, each command fails with an <see cref="ObjectDisposedException"/>.
    /// </summary>
    private static bool IsOfClosedConnection(Exception exception) =>
        exception is TaskCanceledException { CancellationToken.CanBeCanceled: false } or ObjectDisposedException;
}
