using System.Net;

namespace Notifications.Tests.Orders;

/// <summary>
/// Places orders one after the other and has each paid, each call at the next of the service's replicas: so they are due their
/// notifications in exactly this order. Several may be the same user at once.
/// </summary>
internal sealed class Customer(string user, IReadOnlyList<HttpClient> asOwner, IReadOnlyList<HttpClient> asStaff)
{
    private readonly List<string> _due = [];
    private int _calls;

    public string User => user;

    /// <summary>The ids of the notifications of the calls that were answered, in their order.</summary>
    public IReadOnlyList<string> Due => _due;

    /// <returns>How long the slowest call took.</returns>
    public async Task<TimeSpan> PlaceAsync(int orders)
    {
        var slowest = TimeSpan.Zero;
        for (var number = 0; number < orders; number++)
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            var order = await Next(asOwner).PlacedAsync();
            _due.Add($"{order.Id:N}-1");
            slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;

            watch.Restart();
            using var pay = await Next(asStaff).SetStatusAsync(order.Id, "Paid");
            if (pay.StatusCode != HttpStatusCode.OK)
            {
                throw new InvalidOperationException($"Order {order.Id} could not be paid: {pay.StatusCode} {await pay.Content.ReadAsStringAsync()}");
            }

            _due.Add($"{order.Id:N}-2");
            slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;
        }

        return slowest;
    }

    private HttpClient Next(IReadOnlyList<HttpClient> clients) => clients[_calls++ % clients.Count];
}
