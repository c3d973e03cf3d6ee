using System.Net;
using System.Net.Http.Headers;
using Notifications.Transport;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// Sees every session where its bytes come from the hub, and lets it be ended so that the client is told: a WebSocket by a close
/// frame, an event stream by its end, a long poll by 204.
/// </summary>
/// <remarks>
/// A poll that is ended is not asked again for its session: had the hub been answering it, that answer would be lost, and 204 is what
/// says that the session is over.
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
    /// Servers in front of the gateway would gather a stream until it ends, or compress it: nginx by its defaults
    /// (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering), others by Cache-Control's <c>no-transform</c> (RFC 9111, 5.2.2.6).
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
