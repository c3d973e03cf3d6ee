using System.Net;
using System.Net.Mime;
using Microsoft.Net.Http.Headers;

namespace Notifications.Gateway.Sessions;

/// <summary>Adds the instance's key to the session id in the instance's answer to negotiate: <see cref="SessionId"/>.</summary>
internal sealed class NegotiatedIds(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>SignalR's answer has a few hundred bytes, and a Content-Length.</summary>
    private const int MaxBytes = 4 * 1024;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!SessionRequest.Negotiates(request) || HubRequest.DestinationOf(request) is not { } destination || HubDestination.KeyOf(destination) is not { } key)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        // A compressed answer could not be read here.
        request.Headers.Remove(HeaderNames.AcceptEncoding);
        var response = await base.SendAsync(request, cancellationToken);
        if (response is { StatusCode: HttpStatusCode.OK, Content.Headers: { ContentLength: <= MaxBytes, ContentEncoding.Count: 0, ContentType.MediaType: MediaTypeNames.Application.Json } })
        {
            await AddAsync(response, key, cancellationToken);
        }

        return response;
    }

    private static async Task AddAsync(HttpResponseMessage response, string key, CancellationToken cancellationToken)
    {
        // The content keeps its bytes for the next reader.
        if (SessionId.With(await response.Content.ReadAsByteArrayAsync(cancellationToken), key) is not { } answer)
        {
            return;
        }

        var content = new ByteArrayContent(answer);
        foreach (var header in response.Content.Headers.NonValidated.Where(header => header.Key != HeaderNames.ContentLength))
        {
            content.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        // Set explicitly, because a copy of the headers would not have it otherwise.
        content.Headers.ContentLength = answer.Length;
        response.Content = content;
    }
}
