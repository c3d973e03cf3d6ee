using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Notifications.Transport.Links;
using Notifications.Transport.Sockets;

namespace Notifications.Transport.HubEnd;

/// <summary>
/// The hub's end of the link from one gateway. Each session that begins over it becomes a request of its own. The link takes over the
/// socket of its connection if it can, and the socket's loop reads it. An encrypted connection is read through Kestrel.
/// </summary>
internal sealed class GatewayLink : Link, ISocketReader
{
    private readonly IFeatureCollection _features;
    private readonly Func<LinkedRequest, Task> _runAsync;
    private readonly TimeSpan _sendTimeout;
    private readonly Stream _stream;
    private readonly WatchedSocket? _socket;
    private readonly TaskCompletionSource<Exception> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public GatewayLink(HttpContext context, Stream stream, Func<LinkedRequest, Task> runAsync, TimeSpan sendTimeout, ILogger logger)
        : base(logger)
    {
        (_features, _stream, _runAsync, _sendTimeout) = (context.Features, stream, runAsync, sendTimeout);
        _socket = _features.Get<ITlsHandshakeFeature>() is null ? _features.Get<SocketHandover>()?.TryTake() : null;
        Output = new LinkOutput(_socket?.Socket, SendAsync, Drained, exception =>
        {
            _ended.TrySetResult(exception);
            context.Abort();
        });
    }

    public override LinkOutput Output { get; }

    /// <summary>Runs until the gateway closes the link, the connection breaks, or this hub stops and has no sessions left.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var ended = new CancellationTokenSource();
        await using var registration = stopping.Register(() => _ = EndWhenEmptyAsync(ended));
        Exception reason = new IOException("The gateway has closed the link.");
        try
        {
            // When the socket was taken over, this loop reads only what had arrived until then.
            while (await _stream.ReadAsync(Input.Room, ended.Token) is > 0 and var count)
            {
                Input.Received(count);
            }

            if (_socket is not null)
            {
                _socket.Read(this);
                reason = await _ended.Task.WaitAsync(ended.Token);
            }
        }
        catch (Exception exception)
        {
            // Any failure ends the link and its sessions.
            reason = exception;
        }

        _socket?.Dispose();
        if (Count > 0)
        {
            Log.LinkOfGatewayBroken(Logger, Count, reason.Message);
        }

        EndSessions(reason);
    }

    public void OnReadable(Span<byte> room)
    {
        try
        {
            var count = _socket!.Receive(Input.Room.Span);
            if (count > 0)
            {
                Input.Received(count);
            }
            else if (count == 0)
            {
                End(new IOException("The gateway has closed the link."));
            }
        }
        catch (Exception exception)
        {
            // Any failure ends this link, but not the thread: other sockets share it.
            End(exception);
        }
    }

    protected override void OnOpen(uint id, ReadOnlySpan<byte> head)
    {
        var session = new HubSession(this, id, _sendTimeout);
        LinkedRequest request;
        try
        {
            request = new LinkedRequest(session, LinkHead.Parse(head), _features);
        }
        catch (Exception exception)
        {
            OnSessionFailed(exception);
            session.Refuse(StatusCodes.Status400BadRequest);
            return;
        }

        Add(session);
        // On another thread: the request may take long, and this thread has to receive for other sessions.
        ThreadPool.UnsafeQueueUserWorkItem(_ => _ = _runAsync(request), null);
    }

    private void End(Exception reason)
    {
        _ended.TrySetResult(reason);
        _socket!.Pause();
    }

    private async Task EndWhenEmptyAsync(CancellationTokenSource ended)
    {
        while (Count > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        await ended.CancelAsync();
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (_socket is not null)
        {
            await _socket.SendAsync(bytes);
            return;
        }

        await _stream.WriteAsync(bytes);
        await _stream.FlushAsync();
    }
}
