using System.Net;
using System.Net.Http.Headers;
using Notifications.Transport;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// Handles the hub's answer of every session, so that the gateway can end the session and tell its client: a WebSocket by a close frame, an
/// event stream by its end, a long poll by 204.
/// </summary>
/// <remarks>
/// An ended long poll also ends its session, by 204. A new poll could not continue it: if the hub was just answering the ended poll, that
/// answer would be lost.
/// </remarks>
internal sealed class SessionEnds(HttpMessageHandler inner, OpenSessions sessions, TimeProvider time) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method == HttpMethod.Get && !SessionRequest.Opens(request))
        {
            return await PollAsync(request, cancellationToken);
        }

        var response = await base.SendAsync(request, cancellationToken);
        if (response is { StatusCode: HttpStatusCode.SwitchingProtocols, Content: TransportedContent content })
        {
            var open = sessions.Open();
            content.Bind(open.Ending, WebSocketFrames.Close, SessionStream.AnswerLimit, open, time);
            return response;
        }

        IMessageBoundaries? boundaries = response.StatusCode == HttpStatusCode.SwitchingProtocols ? new WebSocketFrames()
            : response.Content.Headers.ContentType?.MediaType == SessionRequest.EventStream ? new ServerSentEvents()
            : null;
        if (boundaries is not null)
        {
            LetProxiesPassOn(response);
            response.Content = new SessionContent(response.Content, sessions.Open(), boundaries, time);
        }

        return response;
    }

    /// <summary>
    /// Tells proxies before the gateway to pass a stream on at once. By its defaults nginx would gather the stream until it ends
    /// (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering). Others would compress it without <c>no-transform</c> (RFC 9111, 5.2.2.6).
    /// </summary>
    private static void LetProxiesPassOn(HttpResponseMessage response)
    {
        response.Headers.Remove("X-Accel-Buffering");
        response.Headers.Add("X-Accel-Buffering", "no");
        response.Headers.CacheControl = new CacheControlHeaderValue { NoCache = true, NoStore = true, NoTransform = true };
    }

    private async Task<HttpResponseMessage> PollAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var session = sessions.Open();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answer = base.SendAsync(request, ended.Token);
        if (await Task.WhenAny(answer, session.Ending) == session.Ending)
        {
            await ended.CancelAsync();
        }

        try
        {
            return await answer;
        }
        catch (OperationCanceledException) when (session.Ending.IsCompleted && !cancellationToken.IsCancellationRequested)
        {
            return new HttpResponseMessage(HttpStatusCode.NoContent) { RequestMessage = request };
        }
    }
}
