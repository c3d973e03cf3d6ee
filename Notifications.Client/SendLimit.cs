namespace Notifications.Client;

/// <summary>
/// Bounds what SignalR sends as requests of its own where there is no WebSocket. A transport that stops waits for the one under
/// way, on a network that fell silent for as long as <see cref="HttpClient"/> allows, 100 s, and only then is the connection
/// told to be lost. Receiving (GET) takes as long as it takes.
/// </summary>
internal sealed class SendLimit(HttpMessageHandler inner, NotificationClientOptions options, TimeProvider time) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method == HttpMethod.Get)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        // A DELETE is the good-bye of long polling; nothing depends on it.
        var within = request.Method == HttpMethod.Delete ? HubLink.CloseTimeout : options.ServerTimeout;
        using var limit = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await base.SendAsync(request, either.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{request.Method} {request.RequestUri?.GetLeftPart(UriPartial.Path)} got no answer within {within}.", exception);
        }
    }
}
