using System.Net.Sockets;
using StackExchange.Redis;

namespace Notifications.Messaging;

/// <summary>What a command fails with while Redis does not serve.</summary>
internal static class RedisErrors
{
    /// <summary>Redis does not answer, refused, or was lost meanwhile. Whatever else is thrown is a defect, or somebody's own cancellation.</summary>
    public static bool IsFromRedis(this Exception exception) => exception is RedisException or TimeoutException || IsOfLostConnection(exception);

    /// <summary>The same error as one of those that callers are promised.</summary>
    public static Exception AsRedisError(this Exception exception) => IsOfLostConnection(exception)
        ? new RedisConnectionException(ConnectionFailureType.SocketClosed, $"The connection to Redis was lost while a command was given to it: {exception.Message}", exception)
        : exception;

    /// <summary>
    /// StackExchange.Redis 2 does not always say it in its own words: a command that it gives to a connection which it takes down at the same time fails with the error
    /// of the socket, with that of the pipe that was just closed (its issue 3167, mended in 3), or is cancelled, by no token. And a service that stops without Redis
    /// disposes the connection.
    /// </summary>
    private static bool IsOfLostConnection(Exception exception) =>
        exception is TaskCanceledException { CancellationToken.CanBeCanceled: false } or ObjectDisposedException
        || (exception is IOException or SocketException or InvalidOperationException
            && exception.StackTrace is { } trace
            && trace.Contains($"at {typeof(IConnectionMultiplexer).Namespace}.", StringComparison.Ordinal));
}
