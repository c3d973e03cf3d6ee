using System.Net;

namespace Notifications.Client;

/// <summary>Reads the Retry-After of a server that refused a handshake (429, 503). SignalR's exception does not have it.</summary>
internal sealed class RetryAfter(HttpMessageHandler inner, TimeProvider time, Action<TimeSpan> onRefused) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable
            && response.Headers.RetryAfter is { } header
            && (header.Delta ?? header.Date - time.GetUtcNow()) is { } delay
            && delay > TimeSpan.Zero)
        {
            onRefused(delay);
        }

        return response;
    }
}
