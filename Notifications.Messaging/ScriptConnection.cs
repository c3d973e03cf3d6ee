using System.Buffers;
using StackExchange.Redis;

namespace Notifications.Messaging;

/// <summary>A connection to a Redis server that runs a script, one call at a time: who calls writes it, and one blocking thread reads.</summary>
/// <param name="stream">Leads to the server.</param>
/// <param name="closing">Closes it where an answer does not come in time.</param>
/// <param name="answerTimeout">After which a call without an answer closes it.</param>
internal sealed class ScriptConnection(Stream stream, CancellationTokenSource closing, TimeSpan answerTimeout)
{
    private const int BufferSize = 16 * 1024;

    /// <summary>What a large call has grown the buffer to is not kept.</summary>
    private const int LargestKeptBuffer = 256 * 1024;

    private ArrayBufferWriter<byte> _output = new(BufferSize);
    private byte[] _input = new byte[BufferSize];
    private int _filled;
    private TaskCompletionSource<RedisResult>? _call;
    private volatile Exception? _loss;

    /// <summary>Logs in. Blocks. Needs no permission in Redis beyond the user's own.</summary>
    /// <param name="user">Null or empty: the default one.</param>
    /// <param name="password">Null or empty: none is wanted.</param>
    /// <param name="name">What Redis lists the connection as.</param>
    /// <exception cref="RedisConnectionException">Redis does not take the password.</exception>
    public void Greet(string? user, string? password, string name)
    {
        if (_output.TryWriteLogIn(user, password))
        {
            Flush();
            if (Read().Error is { } refused)
            {
                throw RedisConnections.LogInRefused(refused);
            }
        }

        _output.WriteClientName(name);
        Flush();
        Read();
    }

    /// <summary>To be called when the last call is answered. What follows on it holds up the reading thread.</summary>
    /// <returns>Null: the connection was lost before, and nothing was sent.</returns>
    /// <exception cref="RedisServerException">Redis refused it, or does not know the script.</exception>
    /// <exception cref="RedisConnectionException">The connection is lost: the script may or may not have run.</exception>
    /// <exception cref="RedisTimeoutException">Redis did not answer in time: the same.</exception>
    public Task<RedisResult>? TryRunAsync(ReadOnlySpan<byte> hash, RedisKey[] keys, RedisValue[] arguments)
    {
        var call = new TaskCompletionSource<RedisResult>();
        Interlocked.Exchange(ref _call, call);
        if (_loss is not null && Interlocked.CompareExchange(ref _call, null, call) == call)
        {
            return null;
        }

        try
        {
            closing.CancelAfter(answerTimeout);
            Write(hash, keys, arguments);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            Close();
            Fail(exception);
        }

        return call.Task;
    }

    /// <summary>Ends it, which its reading thread sees; once more changes nothing.</summary>
    public void Close() => stream.Dispose();

    /// <summary>Reads answers until the connection is lost, and tells who waits for one.</summary>
    public void ReadUntilLost()
    {
        try
        {
            while (true)
            {
                var reply = Read();
                closing.CancelAfter(Timeout.InfiniteTimeSpan);
                var call = Interlocked.Exchange(ref _call, null) ?? throw new InvalidDataException("Redis answered what it had not been asked.");
                if (reply.Error is { } error)
                {
                    call.SetException(new RedisServerException(error));
                }
                else
                {
                    call.SetResult(RedisResult.Create((RedisValue)reply.Text));
                }
            }
        }
        catch (Exception exception)
        {
            // First the one and then the other: who calls at the same time does it the other way round.
            _loss = exception;
            Fail(exception);
            throw;
        }
    }

    private void Write(ReadOnlySpan<byte> hash, RedisKey[] keys, RedisValue[] arguments)
    {
        _output.WriteCommandHead(3 + keys.Length + arguments.Length);
        _output.WriteString("EVALSHA"u8);
        _output.WriteString(hash);
        _output.WriteString((RedisValue)keys.Length);
        foreach (var key in keys)
        {
            _output.WriteString(key.ToString());
        }

        foreach (var argument in arguments)
        {
            _output.WriteString(argument);
        }

        Flush();
    }

    private void Flush()
    {
        stream.Write(_output.WrittenSpan);
        if (_output.Capacity > LargestKeptBuffer)
        {
            _output = new(BufferSize);
        }
        else
        {
            _output.ResetWrittenCount();
        }
    }

    private (string Text, string? Error) Read()
    {
        int length;
        while ((length = RespReader.Length(_input.AsSpan(0, _filled))) == 0)
        {
            if (_filled == _input.Length)
            {
                Array.Resize(ref _input, 2 * _input.Length);
            }

            var count = stream.Read(_input.AsSpan(_filled));
            _filled += count > 0 ? count : throw new EndOfStreamException("Redis has closed the connection.");
        }

        var reply = new RespReader(_input.AsSpan(0, length));
        reply.TryRead();
        var text = reply.ReadText();
        _input.AsSpan(length.._filled).CopyTo(_input);
        _filled -= length;
        return reply.Type switch
        {
            RespType.Error => ("", text),
            RespType.SimpleString or RespType.BulkString => (text, null),
            _ => throw new InvalidDataException($"Redis answered with a value of the type {reply.Type}, where a string was expected."),
        };
    }

    private void Fail(Exception exception) => Interlocked.Exchange(ref _call, null)?.SetException(
        closing.IsCancellationRequested
            ? new RedisTimeoutException($"Redis did not answer within {answerTimeout}, or this service is stopping.", CommandStatus.Sent)
            : new RedisConnectionException(ConnectionFailureType.SocketClosed, $"The connection to Redis is lost: {exception.Message}", exception));
}
