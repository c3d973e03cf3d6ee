using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Connections.Client;
using Microsoft.AspNetCore.SignalR.Client;

namespace Notifications.Tests;

/// <summary>A plain SignalR client that remembers what it was sent and comes back when its connection is lost.</summary>
public sealed class HubClient : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(15);

    private readonly HubConnection _connection;
    private readonly ConcurrentQueue<ReceivedNotification> _received = new();
    private readonly ConcurrentQueue<ReceivedSubscribed> _subscribed = new();

    private HubClient(HubConnection connection)
    {
        _connection = connection;
        connection.On<ReceivedNotification>("notification", _received.Enqueue);
        connection.On<ReceivedSubscribed>("subscribed", _subscribed.Enqueue);
    }

    public IReadOnlyList<ReceivedNotification> Received => [.. _received];

    public IReadOnlyList<ReceivedSubscribed> Subscribed => [.. _subscribed];

    public HubConnectionState State => _connection.State;

    /// <summary>Connects, and waits until the caller's own stream is delivered.</summary>
    public static async Task<HubClient> ConnectAsync(Uri server, Action<HttpConnectionOptions> configure, string? device = null)
    {
        var path = "/hubs/notifications" + (device is null ? "" : $"?device={device}");
        var client = new HubClient(new HubConnectionBuilder()
            .WithUrl(new Uri(server, path), configure)
            .WithAutomaticReconnect(new SoonAgain())
            .Build());
        try
        {
            await client._connection.StartAsync();
            await Eventually.True(() => !client._subscribed.IsEmpty, "the own stream to be subscribed", ReadyLimit);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>The id of the hub instance that this connection is on now.</summary>
    public Task<string> InstanceAsync() => _connection.InvokeAsync<string>("Instance");

    public Task InvokeAsync(string method, params object?[] arguments) => _connection.InvokeCoreAsync(method, arguments);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private sealed class SoonAgain : IRetryPolicy
    {
        public TimeSpan? NextRetryDelay(RetryContext retryContext) => TimeSpan.FromMilliseconds(100);
    }
}

public sealed record ReceivedNotification(
    string Stream, string Epoch, long Offset, string Id, string Type, JsonElement Payload, long Timestamp);

public sealed record ReceivedSubscribed(string Stream, string Epoch, long Offset, bool Recovered);
