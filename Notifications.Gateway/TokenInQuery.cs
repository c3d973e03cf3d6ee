using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Notifications.Gateway.Limits;

namespace Notifications.Gateway;

/// <summary>
/// A browser can't set headers on a WebSocket, so SignalR puts the token into the query as <c>access_token</c>. On the paths of hubs this
/// class moves the token into the <c>Authorization</c> header. On all other paths it removes the token from the request.
/// </summary>
/// <remarks>
/// This is the factory of the <see cref="HttpContext"/> and not a middleware. Hosting logs the request line and starts the
/// request's activity before any middleware runs, but after it has created the context. So no log category has to be silenced:
/// hosting, tracing, YARP and the hub never see the token in the query.
/// </remarks>
internal sealed class TokenInQuery(IServiceProvider services) : IHttpContextFactory
{
    private const string Parameter = "access_token";
    private readonly DefaultHttpContextFactory _contexts = new(services);

    public HttpContext Create(IFeatureCollection featureCollection)
    {
        var request = featureCollection.GetRequiredFeature<IHttpRequestFeature>();
        RequestLineLimit.Measure(featureCollection, request);
        if (request.QueryString is { Length: > 1 } query && Take(query) is ({ } token, var remaining))
        {
            request.QueryString = remaining;
            request.RawTarget = request.RawTarget.Split('?', 2)[0] + remaining;
            if (!new PathString(request.Path).StartsWithSegments(Proxy.HubsPath))
            {
                featureCollection.Set(new TokenInWrongPlace());
            }
            else if (request.Headers.Authorization.Count == 0)
            {
                request.Headers.Authorization = "Bearer " + token;
            }
        }

        return _contexts.Create(featureCollection);
    }

    public void Dispose(HttpContext httpContext) => _contexts.Dispose(httpContext);

    private static (string? Token, string Remaining) Take(string query)
    {
        string? token = null;
        var remaining = new StringBuilder();
        foreach (var pair in new QueryStringEnumerable(query))
        {
            if (pair.DecodeName().Span.Equals(Parameter, StringComparison.OrdinalIgnoreCase))
            {
                token ??= pair.DecodeValue().ToString();
                continue;
            }

            remaining.Append(remaining.Length == 0 ? '?' : '&').Append(pair.EncodedName);
            if (!pair.EncodedValue.IsEmpty)
            {
                remaining.Append('=').Append(pair.EncodedValue);
            }
        }

        return (token, remaining.ToString());
    }
}

/// <summary>Marks a request that had its token in the query, on a path that is not a hub's.</summary>
internal sealed class TokenInWrongPlace;
