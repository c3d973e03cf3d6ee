using StackExchange.Redis;

namespace Notifications.Messaging.Redis;

/// <summary>The errors of commands while Redis does not serve.</summary>
internal static class RedisErrors
{
    /// <summary>
    /// Whether Redis does not answer, refused, or was lost during the command. Any other exception is a defect, or the caller's own cancellation.
    /// </summary>
    public static bool IsFromRedis(this Exception exception) => exception is RedisException or TimeoutException || IsOfClosedConnection(exception);

    /// <summary>
    /// The error of a closed connection as a <see cref="RedisConnectionException"/>, which callers expect. Any other error is returned as it is.
    /// </summary>
    public static Exception AsRedisError(this Exception exception) => IsOfClosedConnection(exception)
        ? new RedisConnectionException(ConnectionFailureType.SocketClosed, CommandFlags.None, $"The connection to Redis was lost while a command was given to it: {exception.Message}", exception)
        : exception;

    /// <summary>The kind of error that Redis answered; <see cref="RedisErrorKind.None"/>: it did not answer.</summary>
    public static RedisErrorKind Answer(this Exception exception) => exception is RedisServerException answer ? answer.Kind : RedisErrorKind.None;

    /// <summary>Whether the server refuses every write. Then it also refuses the same write again, and a part of it.</summary>
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
        // No server answers, or only replicas do.
        RedisConnectionException { FailureType: ConnectionFailureType.UnableToResolvePhysicalConnection } => "No primary of Redis answers.",
        RedisServerException => $"Redis refuses: {exception.Message}",
        _ => "Redis does not answer.",
    };

    /// <summary>
    /// StackExchange.Redis cancels a command that it can't give to a connection, without a token of the caller. A service that stops while Redis is away
    /// disposes the connection. After that each command fails with an <see cref="ObjectDisposedException"/>.
    /// </summary>
    private static bool IsOfClosedConnection(Exception exception) =>
        exception is TaskCanceledException { CancellationToken.CanBeCanceled: false } or ObjectDisposedException;
}
