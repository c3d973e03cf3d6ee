using Microsoft.Net.Http.Headers;

namespace Notifications.Gateway.Sessions;

/// <summary>Tells what a request on a hub's path means for its SignalR session.</summary>
internal static class SessionRequest
{
    /// <summary>The query parameter that names the session. Every request has it except the request that begins the session.</summary>
    public const string IdParameter = "id";

    public const string EventStream = "text/event-stream";

    /// <summary>
    /// Whether the request begins a session. That is negotiate, whatever session it names, or a request that names no session, such as a WebSocket.
    /// </summary>
    public static bool Begins(HttpRequest request) => (HttpMethods.IsPost(request.Method) && IsNegotiate(request.Path.Value)) || IdOf(request).Length == 0;

    /// <summary>The id of the session that the request names. Empty when it names none.</summary>
    public static string IdOf(HttpRequest request) => request.Query[IdParameter].ToString();

    /// <summary>Whether the request begins a session, or opens the stream of a session that has begun.</summary>
    public static bool Opens(HttpRequest request) =>
        Begins(request) || request.Headers.ContainsKey(HeaderNames.Upgrade) || HttpMethods.IsConnect(request.Method)
        || request.Headers.Accept.ToString().Contains(EventStream, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the request lasts as long as the session's stream, or is a long poll of the session.</summary>
    public static bool Holds(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsConnect(request.Method);

    /// <summary>The same as <see cref="Opens(HttpRequest)"/>, for the request that is sent to the hub.</summary>
    public static bool Opens(HttpRequestMessage request) =>
        request.Method == HttpMethod.Post
            ? Negotiates(request)
            : request.Headers.Upgrade.Count > 0 || request.Headers.Accept.Any(accept => accept.MediaType == EventStream);

    /// <summary>Whether the request is negotiate. Its answer has the id of the new session.</summary>
    public static bool Negotiates(HttpRequestMessage request) => request.Method == HttpMethod.Post && IsNegotiate(request.RequestUri!.AbsolutePath);

    /// <summary>Compares as the hub's routes do: upper and lower case are equal, and a slash may follow.</summary>
    private static bool IsNegotiate(ReadOnlySpan<char> path) => path.TrimEnd('/').EndsWith("/negotiate", StringComparison.OrdinalIgnoreCase);
}
