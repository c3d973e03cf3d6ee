using System.Net;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// Limits how long an instance may take to answer a request that opens a session. A process that is paused or hangs still accepts
/// connections. Without this limit its clients would wait until they give up.
/// </summary>
/// <remarks>
/// An instance that answers 503, because it is going away, counts as an instance that does not answer. The registry says so too, but the
/// gateway reads the registry up to a second later.
/// </remarks>
internal sealed class HandshakeLimit(HttpMessageHandler inner, TimeSpan limit, TimeProvider time) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!SessionRequest.Opens(request))
        {
            return await base.SendAsync(request, cancellationToken);
        }

        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var response = await base.SendAsync(request, either.Token);
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                return response;
            }

            response.Dispose();
            throw new HttpRequestException("It takes no new sessions (503).", inner: null, HttpStatusCode.ServiceUnavailable);
        }
        catch (OperationCanceledException exception) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException($"It did not answer within {limit.TotalSeconds:0.###} s.", exception);
        }
    }
}
