using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Notifications.Tests.Hub;

/// <summary>A SignalR client of <see cref="OwnHub"/> that keeps what it is sent, answers what it is asked, and comes back when its connection is lost.</summary>
internal sealed class OwnHubClient : IAsyncDisposable
{
    public const string Json = "json";
    public const string MessagePack = "messagepack";

    private readonly ConcurrentQueue<string> _heard = new();
    private readonly ConcurrentQueue<string> _losses = new();
    private int _returns;

    private OwnHubClient(HubConnection connection)
    {
        Connection = connection;
        connection.On<Said>("said", said => _heard.Enqueue(said.Text));
        connection.On<Said, Said>("double", said => new Said(said.Text + said.Text, said.Number * 2));
        connection.Reconnecting += error =>
        {
            _losses.Enqueue(error?.Message ?? "");
            return Task.CompletedTask;
        };
        connection.Reconnected += _ =>
        {
            Interlocked.Increment(ref _returns);
            return Task.CompletedTask;
        };
    }

    public HubConnection Connection { get; }

    public string Id => Connection.ConnectionId!;

    public IReadOnlyList<string> Heard => [.. _heard];

    /// <summary>How often it came back.</summary>
    public int Returns => Volatile.Read(ref _returns);

    /// <summary>Why its connections ended, in the server's words.</summary>
    public IReadOnlyList<string> Losses => [.. _losses];

    public static async Task<OwnHubClient> ConnectAsync(Uri server, string user, string protocol = Json)
    {
        var builder = new HubConnectionBuilder()
            .WithUrl(new Uri(server, OwnHub.Path), options => options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(user)))
            .WithAutomaticReconnect([.. Enumerable.Repeat(TimeSpan.FromMilliseconds(100), 100)]);
        var client = new OwnHubClient((protocol == MessagePack ? builder.AddMessagePackProtocol() : builder).Build());
        await client.Connection.StartAsync();
        // The hub has it in hand once it has answered.
        await client.InstanceAsync();
        return client;
    }

    /// <summary>The id of the hub instance that this connection is on now.</summary>
    public Task<string> InstanceAsync() => Connection.InvokeAsync<string>("Instance");

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
