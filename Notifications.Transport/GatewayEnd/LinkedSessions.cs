using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Notifications.Transport.Links;
using Notifications.Transport.Sockets;

namespace Notifications.Transport.GatewayEnd;

/// <summary>
/// Opens WebSocket sessions over the link to their instance, if the instance takes links. All other requests go by
/// HTTP, and so does a session whose request does not fit in a frame. To YARP both look the same.
/// </summary>
internal sealed class LinkedSessions(HttpMessageHandler inner, SessionTransport links, Func<HttpRequestMessage, TransportedRequest?> transported) : DelegatingHandler(inner)
{
    private const string WebSocket = "websocket";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.Headers.Upgrade.Any(upgrade => upgrade.Name.Equals(WebSocket, StringComparison.OrdinalIgnoreCase))
            || transported(request) is not { Protocol: LinkFrame.Protocol } destination)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        var head = Head(request).ToBytes();
        if (head.Length > LinkFrame.MaxLength)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        var client = destination.Client;
        var (answer, session) = await links.Get(destination.Address).OpenAsync(head, HandoverOf(client), cancellationToken);
        if (session.IsToTakeClient)
        {
            client.Features.Set<IHttpUpgradeFeature>(new TakenUpgrade(client.Features.GetRequiredFeature<IHttpUpgradeFeature>(), session));
        }

        try
        {
            return Response(request, answer, session);
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentException)
        {
            session.Close(isBroken: true);
            throw new HttpRequestException($"{destination.Address} answered the request of a session with what is no HTTP response.", exception);
        }
    }

    private static LinkHead Head(HttpRequestMessage request) => new(
        request.RequestUri!.PathAndQuery,
        [
            KeyValuePair.Create("Host", request.Headers.Host ?? request.RequestUri.Authority),
            .. request.Headers.NonValidated.Where(header => header.Key != "Host")
                .SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value))),
        ]);

    private static HttpResponseMessage Response(HttpRequestMessage request, LinkHead answer, ClientSession session)
    {
        var response = new HttpResponseMessage((HttpStatusCode)int.Parse(answer.First, CultureInfo.InvariantCulture))
        {
            RequestMessage = request,
            Content = new TransportedContent(session),
        };
        foreach (var (name, value) in answer.Headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, value))
            {
                response.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return response;
    }

    /// <summary>Null with TLS or HTTP/2: Kestrel has to decode these bytes, so the socket can't be taken over.</summary>
    private static SocketHandover? HandoverOf(HttpContext client) =>
        HttpProtocol.IsHttp11(client.Request.Protocol) && client.Features.Get<ITlsHandshakeFeature>() is null
            ? client.Features.Get<SocketHandover>()
            : null;
}
