using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Notifications.Links;

namespace Notifications.Hubs.Links;

/// <summary>The hub's end of the link from one gateway: each session that begins over it is a request of its own.</summary>
internal sealed class GatewayLink : Link
{
    private readonly IFeatureCollection _features;
    private readonly IHttpContextFactory _contexts;
    private readonly RequestDelegate _next;
    private readonly TimeSpan _sendTimeout;
    private readonly ILogger _logger;
    private readonly Stream _stream;

    /// <param name="context">The request that the link was opened by.</param>
    /// <param name="stream">Its connection.</param>
    /// <param name="contexts">Makes the contexts of sessions.</param>
    /// <param name="next">Answers a session's request.</param>
    /// <param name="sendTimeout">As of <see cref="HubSession"/>.</param>
    /// <param name="logger">For what goes wrong.</param>
    public GatewayLink(HttpContext context, Stream stream, IHttpContextFactory contexts, RequestDelegate next, TimeSpan sendTimeout, ILogger logger)
    {
        (_features, _stream, _contexts, _next, _sendTimeout, _logger) = (context.Features, stream, contexts, next, sendTimeout, logger);
        var socket = _features.Get<ITlsHandshakeFeature>() is null ? _features.Get<IConnectionSocketFeature>()?.Socket : null;
        Output = new LinkOutput(socket, bytes => SendAsync(socket, bytes), Drained, _ => context.Abort());
    }

    public override LinkOutput Output { get; }

    /// <summary>Until the gateway closes the link, or this hub stops and has no sessions left.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var ended = new CancellationTokenSource();
        await using var registration = stopping.Register(() => _ = EndWhenEmptyAsync(ended));
        Exception reason = new IOException("The gateway has closed the link.");
        try
        {
            while (await _stream.ReadAsync(Input.Room, ended.Token) is > 0 and var count)
            {
                Input.Received(count);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            reason = exception;
        }

        if (Count > 0)
        {
            Log.LinkBroken(_logger, Count, reason.Message);
        }

        EndSessions(reason);
    }

    protected override void OnHead(LinkFrame frame, ReadOnlySpan<byte> payload)
    {
        if (frame.Type != FrameType.Open)
        {
            throw new IOException($"A frame of type {frame.Type} came over a session link to a hub, which only sends such.");
        }

        var session = new HubSession(this, frame.Session, _sendTimeout);
        var request = new LinkedRequest(this, session, LinkHead.Parse(payload), _features);
        Add(session);
        // Elsewhere: it answers when it pleases, and the link has more to bring.
        ThreadPool.UnsafeQueueUserWorkItem(_ => _ = request.RunAsync(_contexts, _next, _logger), null);
    }

    private async Task EndWhenEmptyAsync(CancellationTokenSource ended)
    {
        while (Count > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        await ended.CancelAsync();
    }

    private async ValueTask SendAsync(Socket? socket, ReadOnlyMemory<byte> bytes)
    {
        if (socket is null)
        {
            await _stream.WriteAsync(bytes);
            await _stream.FlushAsync();
            return;
        }

        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes)..];
        }
    }
}
