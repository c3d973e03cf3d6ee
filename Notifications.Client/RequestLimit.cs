namespace Notifications.Client;

/// <summary>
/// Limits the requests that SignalR makes without a WebSocket. On a silent network each request would wait for the 100 s that
/// <see cref="HttpClient"/> allows, and only then would the connection count as lost. The hub answers an empty long poll as often as it
/// pings other connections, so <see cref="NotificationClientOptions.ServerTimeout"/> fits all these requests.
/// </summary>
internal sealed class RequestLimit(HttpMessageHandler inner, NotificationClientOptions options, TimeProvider time) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // A DELETE ends a session of long polling. Nothing depends on its answer.
        var within = request.Method == HttpMethod.Delete ? ClientConnection.CloseTimeout : options.ServerTimeout;
        using var limit = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var response = await base.SendAsync(request, either.Token);
            if (request.Method == HttpMethod.Post)
            {
                // SignalR reads the answer to negotiate without a limit. During that read it can't be stopped or disposed.
                await response.Content.LoadIntoBufferAsync(either.Token);
            }

            return response;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{request.Method} {request.RequestUri?.GetLeftPart(UriPartial.Path)} got no answer within {within}.", exception);
        }
    }
}
