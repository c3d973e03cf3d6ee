using Microsoft.Net.Http.Headers;

namespace Notifications.Gateway.Sessions;

/// <summary>What a request on a hub's path is to its SignalR session.</summary>
internal static class SessionRequest
{
    /// <summary>The query parameter that names the session on every request but the one that begins it.</summary>
    public const string IdParameter = "id";

    public const string EventStream = "text/event-stream";

    /// <summary>It begins a session: negotiate, whatever session it names, or a WebSocket that names none.</summary>
    public static bool Begins(HttpRequest request) => (HttpMethods.IsPost(request.Method) && IsNegotiate(request.Path.Value)) || IdOf(request).Length == 0;

    /// <summary>The session that it names, or nothing.</summary>
    public static string IdOf(HttpRequest request) => request.Query[IdParameter].ToString();

    /// <summary>It begins a session, or opens the stream of one that has begun.</summary>
    public static bool Opens(HttpRequest request) =>
        Begins(request) || request.Headers.ContainsKey(HeaderNames.Upgrade) || HttpMethods.IsConnect(request.Method)
        || request.Headers.Accept.ToString().Contains(EventStream, StringComparison.OrdinalIgnoreCase);

    /// <summary>It lasts as long as the session's stream, or is a poll of it.</summary>
    public static bool Holds(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsConnect(request.Method);

    /// <summary>As <see cref="Opens(HttpRequest)"/>, of the request that is sent to the hub.</summary>
    public static bool Opens(HttpRequestMessage request) =>
        request.Method == HttpMethod.Post
            ? Negotiates(request)
            : request.Headers.Upgrade.Count > 0 || request.Headers.Accept.Any(accept => accept.MediaType == EventStream);

    /// <summary>It is answered with the id of a session that begins.</summary>
    public static bool Negotiates(HttpRequestMessage request) => request.Method == HttpMethod.Post && IsNegotiate(request.RequestUri!.AbsolutePath);

    /// <summary>As the hub's routes take it: in any case, and with a slash behind it.</summary>
    private static bool IsNegotiate(ReadOnlySpan<char> path) => path.TrimEnd('/').EndsWith("/negotiate", StringComparison.OrdinalIgnoreCase);
}
