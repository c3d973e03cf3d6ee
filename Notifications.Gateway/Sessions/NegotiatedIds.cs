using System.Net;
using System.Net.Mime;
using Microsoft.Net.Http.Headers;

namespace Notifications.Gateway.Sessions;

/// <summary>Has the answer to negotiate name the instance that gave it: <see cref="SessionId"/>.</summary>
internal sealed class NegotiatedIds(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>SignalR's answer has a few hundred bytes, and says how many.</summary>
    private const int MaxBytes = 4 * 1024;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!SessionRequest.Negotiates(request) || HubRequest.DestinationOf(request) is not { } destination || HubDestination.KeyOf(destination) is not { } key)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        // What is compressed could not be read.
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
        // It stays in the content for whoever reads it next.
        if (SessionId.With(await response.Content.ReadAsByteArrayAsync(cancellationToken), key) is not { } answer)
        {
            return;
        }

        var content = new ByteArrayContent(answer);
        foreach (var header in response.Content.Headers.NonValidated.Where(header => header.Key != HeaderNames.ContentLength))
        {
            content.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        // Not known to who copies the headers until it was asked for once.
        content.Headers.ContentLength = answer.Length;
        response.Content = content;
    }
}
