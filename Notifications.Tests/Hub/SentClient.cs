using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Notifications.Tests.Hub;

/// <summary>A SignalR client that keeps what an adopter's own sends bring it, and answers what it is asked.</summary>
internal sealed class SentClient : IAsyncDisposable
{
    public const string Json = "json";
    public const string MessagePack = "messagepack";

    private readonly ConcurrentQueue<Said> _heard = new();

    private SentClient(HubConnection connection, string user)
    {
        (Connection, User) = (connection, user);
        connection.On<Said>("said", _heard.Enqueue);
        connection.On<Said, Said>("double", said => new Said(said.Text + said.Text, said.Number * 2));
        connection.On<string, string>("refuse", string (text) => throw new InvalidOperationException(text));
        connection.On<string>("never", () => new TaskCompletionSource<string>().Task);
    }

    public HubConnection Connection { get; }

    public string User { get; }

    public string Id => Connection.ConnectionId!;

    public IReadOnlyList<Said> Heard => [.. _heard];

    public static async Task<SentClient> ConnectAsync(HubHost hub, string protocol, string user)
    {
        var builder = new HubConnectionBuilder().WithUrl(
            new Uri(hub.Address, "/hubs/notifications"), options => options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(user)));
        var client = new SentClient((protocol == MessagePack ? builder.AddMessagePackProtocol() : builder).Build(), user);
        await client.Connection.StartAsync();
        // The hub has it in hand once it has answered.
        await client.Connection.InvokeAsync<string>("Instance");
        return client;
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}

public sealed record Said(string Text, int Number);
