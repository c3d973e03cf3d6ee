using System.Collections.Concurrent;
using System.Net;

namespace Notifications.Testing.Clusters;

/// <summary>
/// What a load balancer does before several gateways: it asks each whether it is ready and gives connections to those that are,
/// in turn.
/// </summary>
internal sealed class Front(IReadOnlyList<GatewayProcess> gateways) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    // On two busy cores an answer may take long; a gateway that is going away answers, and one that is gone refuses.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<GatewayProcess, bool> _unready = new();
    private Task _asking = Task.CompletedTask;
    private int _next;

    public void Start() => _asking = Task.WhenAll(gateways.Select(gateway => AskAsync(gateway, _stopping.Token)));

    /// <summary>Where the next connection may go, best first.</summary>
    public IEnumerable<IPEndPoint> Gateways()
    {
        var first = Interlocked.Increment(ref _next) & int.MaxValue;
        return gateways.Select((_, i) => gateways[(first + i) % gateways.Count])
            .OrderBy(_unready.ContainsKey)
            .Select(gateway => gateway.EndPoint);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _asking;
        _stopping.Dispose();
    }

    private async Task AskAsync(GatewayProcess gateway, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                if (await gateway.IsHealthyAsync(AnswerLimit, stopping))
                {
                    _unready.TryRemove(gateway, out _);
                }
                else
                {
                    _unready[gateway] = true;
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The end.
        }
    }
}
