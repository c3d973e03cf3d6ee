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

    /// <summary>
    /// StackExchange.Redis cancels a command, by no token, that it can't give to a connection. After a service that stops without Redis has disposed
    /// the connection, each command fails with an <see cref="ObjectDisposedException"/>.
    /// </summary>
    private static bool IsOfClosedConnection(Exception exception) =>
        exception is TaskCanceledException { CancellationToken.CanBeCanceled: false } or ObjectDisposedException;
}
