using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Notifications.Testing.Clusters;
using Notifications.Client;

namespace Notifications.Benchmarks.Load;

/// <summary>
/// Customers who place orders and are connected. At the end each order that the service has is compared with what its owner was
/// told: whatever became of the call that placed it, an order that exists has one notification.
/// </summary>
internal sealed class OrderLoad(Cluster cluster) : IAsyncDisposable
{
    private const int Customers = 10;
    private const int MostListed = 1_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ArrivalLimit = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<Guid, int> _told = new();
    private readonly List<NotificationClient> _clients = [];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>Orders that exist.</summary>
    public int Placed { get; private set; }

    /// <summary>Of them, those whose owner was never told.</summary>
    public int Untold { get; private set; }

    /// <summary>Of them, those whose owner was told more than once.</summary>
    public int ToldAgain { get; private set; }

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        foreach (var customer in Enumerable.Range(1, Customers).Select(Name))
        {
            var client = new NotificationClient(new NotificationClientOptions
            {
                Url = new Uri($"http://{cluster.Front.Gateways().First()}/hubs/notifications"),
                AccessToken = _ => Task.FromResult<string?>(cluster.Tokens.Issue(customer)),
                Device = "orders",
            });
            client.Handle((notification, _) =>
            {
                _told.AddOrUpdate(notification.Payload.GetProperty("orderId").GetGuid(), 1, (_, times) => times + 1);
                return Task.CompletedTask;
            });
            _clients.Add(client);
            await client.StartAsync(cancellationToken);
        }
    }

    /// <summary>Places ten orders a second until that ends. A call that fails may or may not have placed one.</summary>
    public async Task PlaceAsync(Task until, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval);
        var placing = new List<Task>();
        for (var number = 0; !until.IsCompleted && placing.Count < MostListed && await timer.WaitForNextTickAsync(cancellationToken); number++)
        {
            placing.Add(PlaceAsync(number, cancellationToken));
        }

        await Task.WhenAll(placing);
    }

    /// <summary>Waits until every order that exists was told of, or the limit is over, and counts.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var orders = await ListAsync(cancellationToken);
        await Waiting.WithinAsync(() => Task.FromResult(orders.All(_told.ContainsKey)), ArrivalLimit, cancellationToken);
        Placed = orders.Count;
        Untold = orders.Count(order => !_told.ContainsKey(order));
        ToldAgain = orders.Count(order => _told.GetValueOrDefault(order) > 1);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_clients.Select(client => client.DisposeAsync().AsTask()));
        _http.Dispose();
    }

    private static string Name(int customer) => $"customer-{customer}";

    private async Task PlaceAsync(int number, CancellationToken cancellationToken)
    {
        var service = cluster.Orders[number % cluster.Orders.Count];
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(service.Address, "/api/orders"))
        {
            Content = JsonContent.Create(new { item = string.Create(CultureInfo.InvariantCulture, $"Item {number}"), quantity = 1 }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", cluster.Tokens.Issue(Name((number % Customers) + 1)));
        try
        {
            using var answer = await _http.SendAsync(request, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // The service is away just now. Whether the order exists is seen at the end.
        }
    }

    private async Task<IReadOnlyList<Guid>> ListAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(cluster.Orders[0].Address, $"/api/orders?limit={MostListed}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", cluster.Tokens.Issue("checker", TokenNames.StaffRole));
        using var answer = await _http.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
        var orders = await answer.Content.ReadFromJsonAsync<Listed[]>(cancellationToken);
        return [.. orders!.Select(order => order.Id)];
    }

    private sealed record Listed(Guid Id);
}
