using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Notifications.Client;

namespace Notifications.Benchmarks.Attacks;

/// <summary>The name is also that of the user: a user has one burst.</summary>
internal sealed class HandshakeFlood(string name, string what, string query) : AttackScenario(name, what)
{
    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var count = stage.Length(10_000, 5_000);
        using var http = stage.Http(stage.Token(Name));
        var answers = new ConcurrentDictionary<HttpStatusCode, int>();
        var late = 0;
        var watch = Stopwatch.StartNew();
        var flood = Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 100, CancellationToken = cancellationToken }, async (_, token) =>
        {
            using var answer = await http.PostAsync("/hubs/notifications/negotiate?negotiateVersion=1" + query, null, token);
            answers.AddOrUpdate(answer.StatusCode, 1, (_, before) => before + 1);
            if (answer.StatusCode == HttpStatusCode.TooManyRequests && answer.Headers.RetryAfter?.Delta is null)
            {
                Interlocked.Increment(ref late);
            }
        });
        await using var other = new NotificationClient(new NotificationClientOptions
        {
            Url = new Uri($"http://{stage.Gateway}/hubs/notifications"),
            AccessToken = _ => Task.FromResult<string?>(stage.Token("somebody-else")),
        });
        var connecting = Stopwatch.StartNew();
        await other.StartAsync(cancellationToken);
        var connected = connecting.Elapsed;
        await flood;
        var seconds = watch.Elapsed.TotalSeconds;

        var (admitted, refused) = (answers.GetValueOrDefault(HttpStatusCode.OK), answers.GetValueOrDefault(HttpStatusCode.TooManyRequests));
        // A burst of 50, and 5 in each second that it lasted.
        stage.Require(admitted >= 50 && admitted <= 50 + (5 * (seconds + 1)), $"a user's burst gets in, but {admitted}");
        stage.Require(admitted + refused == count && late == 0, $"429 with Retry-After to the rest, but {string.Join(", ", answers.Select(answer => $"{answer.Value} × {(int)answer.Key}"))}");
        stage.Require(connected < TimeSpan.FromSeconds(5), $"the other user connects, but after {connected.TotalSeconds:0.0} s");
        return string.Create(CultureInfo.InvariantCulture, $"429 with `Retry-After` to {refused:N0} of {count:N0} within {seconds:0.0} s; the other connected in {connected.TotalMilliseconds:0} ms");
    }
}

internal sealed class ConnectionFlood() : AttackScenario("connection-flood", "3,000 silent TCP connections from one address")
{
    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var (count, limit) = stage.Length((3_000, 2_500), (300, 200));
        var connections = new List<RawConnection>();
        try
        {
            var reset = 0;
            for (var i = 0; i < count; i++)
            {
                try
                {
                    connections.Add(await RawConnection.OpenAsync(stage.Gateway, stage.Source, cancellationToken));
                }
                catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
                {
                    // So soon that it was not open yet on this side.
                    reset++;
                }
            }

            // What is closed says so to who looks.
            var closed = reset;
            var watch = Stopwatch.StartNew();
            while (closed < count - limit && watch.Elapsed < TimeSpan.FromSeconds(10))
            {
                closed = reset + connections.Count(connection => connection.Stream.Socket.Poll(0, SelectMode.SelectRead));
                await Task.Delay(100, cancellationToken);
            }

            stage.Require(closed == count - limit, $"{count - limit} are closed, but {closed}");
            return $"{closed:N0} closed at once, as one address may have {limit:N0}";
        }
        finally
        {
            connections.ForEach(connection => connection.Dispose());
        }
    }
}
