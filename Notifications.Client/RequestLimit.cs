namespace Notifications.Client;

/// <summary>
/// Bounds the requests that SignalR makes where there is no WebSocket. On a network that fell silent each would wait for as long as
/// <see cref="HttpClient"/> allows, 100 s, and only then is the connection told to be lost. The hub answers a poll in which nothing
/// comes as often as it pings other connections, so <see cref="NotificationClientOptions.ServerTimeout"/> fits all of them.
/// </summary>
internal sealed class RequestLimit(HttpMessageHandler inner, NotificationClientOptions options, TimeProvider time) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // A DELETE is the good-bye of long polling; nothing depends on it.
        var within = request.Method == HttpMethod.Delete ? ClientConnection.CloseTimeout : options.ServerTimeout;
        using var limit = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var response = await base.SendAsync(request, either.Token);
            if (request.Method == HttpMethod.Post)
            {
                // SignalR reads the answer to negotiate without a limit, and can't be stopped or disposed meanwhile.
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
