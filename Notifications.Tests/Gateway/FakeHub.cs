using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Notifications.Messaging.Registry;

namespace Notifications.Tests.Gateway;

/// <summary>What reached the hub.</summary>
internal sealed record SeenRequest(string Path, string Query, string? Authorization, string? TraceParent)
{
    public TimeSpan At { get; } = Stopwatch.GetElapsedTime(0);

    public required IReadOnlyDictionary<string, string> Headers { get; init; }
}

/// <summary>How a <see cref="FakeHub"/> answers.</summary>
public enum FakeHubMood
{
    WithItsId,

    /// <summary>Never, as a process that hangs.</summary>
    Never,

    /// <summary>503, as an instance that is going away.</summary>
    WithRefusal,
}

/// <summary>Stands where a hub instance stands, answers every request with its id and remembers what it saw.</summary>
internal sealed class FakeHub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<SeenRequest> _seen = new();

    private FakeHub(string id)
    {
        Id = id;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(AnswerAsync);
    }

    public string Id { get; }

    public IReadOnlyCollection<SeenRequest> Seen => _seen;

    public FakeHubMood Answers { get; set; }

    /// <summary>How it answers negotiate, if not as everything else.</summary>
    public RequestDelegate? Negotiate { get; set; }

    public HubInstance Instance => new(Id, _app.Urls.Single(), Draining: false);

    public static async Task<FakeHub> StartAsync(string id)
    {
        var hub = new FakeHub(id);
        await hub._app.StartAsync();
        return hub;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        _seen.Enqueue(new SeenRequest(
            request.Path, request.QueryString.Value!, request.Headers.Authorization.SingleOrDefault(), request.Headers.TraceParent.SingleOrDefault())
        {
            Headers = request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
        });
        switch (Answers)
        {
            case FakeHubMood.Never:
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            case FakeHubMood.WithRefusal:
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
        }

        if (Negotiate is not null && request.Path.Value!.EndsWith("/negotiate", StringComparison.Ordinal))
        {
            await Negotiate(context);
            return;
        }

        if (context.WebSockets.IsWebSocketRequest)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync(Encoding.UTF8.GetBytes(Id), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
            return;
        }

        await context.Response.WriteAsync(Id, context.RequestAborted);
    }
}
