using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks.Scale;

/// <summary>
/// Sessions of many requests each, by long polling, through the gateway: one that reached another hub than its session's would fail.
/// </summary>
internal static class Affinity
{
    private const int CallsOfASession = 3;

    /// <returns>How many sessions each hub had that had any.</returns>
    /// <exception cref="InvalidOperationException">A session was answered by two hubs.</exception>
    public static async Task<IReadOnlyList<int>> CheckAsync(Cluster cluster, int sessions, CancellationToken cancellationToken)
    {
        var connections = Enumerable.Range(0, sessions).Select(number => Create(cluster, $"session-{number}")).ToList();
        try
        {
            foreach (var connection in connections)
            {
                await connection.StartAsync(cancellationToken);
            }

            // One after the other: fifty hubs that all compile their first call on the same two cores would time out.
            var instances = new List<string>();
            foreach (var connection in connections)
            {
                instances.Add(await InstanceAsync(connection, cancellationToken));
            }

            return [.. instances.CountBy(instance => instance).Select(hub => hub.Value)];
        }
        finally
        {
            await Task.WhenAll(connections.Select(connection => connection.DisposeAsync().AsTask()));
        }
    }

    private static HubConnection Create(Cluster cluster, string user) => new HubConnectionBuilder()
        .WithUrl(new Uri($"http://{cluster.Gateways[0].EndPoint}/hubs/notifications"), http =>
        {
            http.Transports = HttpTransportType.LongPolling;
            http.AccessTokenProvider = () => Task.FromResult<string?>(cluster.Tokens.Issue(user));
        })
        .Build();

    private static async Task<string> InstanceAsync(HubConnection connection, CancellationToken cancellationToken)
    {
        var first = await connection.InvokeAsync<string>("Instance", cancellationToken);
        for (var call = 1; call < CallsOfASession; call++)
        {
            var next = await connection.InvokeAsync<string>("Instance", cancellationToken);
            if (next != first)
            {
                throw new InvalidOperationException($"A session of {first} was answered by {next}: the gateway's affinity does not hold.");
            }
        }

        return first;
    }
}
