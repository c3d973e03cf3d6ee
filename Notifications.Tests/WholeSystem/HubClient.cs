using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Connections.Client;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Notifications.Tests.WholeSystem;

/// <summary>A plain SignalR client that remembers what it was sent and comes back when its connection is lost.</summary>
public sealed class HubClient : IAsyncDisposable
{
    private readonly HubConnection _connection;
    private readonly ConcurrentQueue<ReceivedNotification> _received = new();

    private HubClient(HubConnection connection)
    {
        _connection = connection;
        connection.On<ReceivedNotification>("notification", _received.Enqueue);
    }

    public IReadOnlyList<ReceivedNotification> Received => [.. _received];

    public HubConnectionState State => _connection.State;

    public static async Task<HubClient> ConnectAsync(Uri gateway, Action<HttpConnectionOptions> configure)
    {
        var client = new HubClient(new HubConnectionBuilder()
            .WithUrl(new Uri(gateway, "/hubs/notifications"), configure)
            .WithAutomaticReconnect(new SoonAgain())
            .Build());
        try
        {
            var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            client._connection.On<JsonElement>("subscribed", _ => ready.TrySetResult());
            await client._connection.StartAsync();
            await ready.Task.WaitAsync(TimeSpan.FromSeconds(15));
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

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private sealed class SoonAgain : IRetryPolicy
    {
        public TimeSpan? NextRetryDelay(RetryContext retryContext) => TimeSpan.FromMilliseconds(100);
    }
}

public sealed record ReceivedNotification(
    string Stream, string Epoch, long Offset, string Id, string Type, JsonElement Payload, long Timestamp)
{
    public string Order => Payload.GetProperty("orderId").ToString();
}
