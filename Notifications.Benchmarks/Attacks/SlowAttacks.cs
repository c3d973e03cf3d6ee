using System.Net.WebSockets;
using System.Text.Json;
using Notifications.Messaging;

namespace Notifications.Benchmarks.Attacks;

internal sealed class SlowHeaders() : AttackScenario(
    "slow-headers",
    "Five hundred connections that send headers line by line and never finish (slowloris)")
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var connections = stage.Length(500, 50);
        var answers = await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            using var connection = await RawConnection.OpenAsync(stage.Gateway, stage.Source, cancellationToken);
            await connection.SayAsync("POST /hubs/notifications/negotiate HTTP/1.1\r\nHost: gateway\r\n", cancellationToken);
            var hearing = connection.HearAsync(cancellationToken);
            try
            {
                while (!hearing.IsCompleted)
                {
                    await connection.SayAsync("X-Slow: x\r\n", cancellationToken);
                    await Task.WhenAny(hearing, Task.Delay(Pause, cancellationToken));
                }
            }
            catch (IOException)
            {
                // It was closed between two lines.
            }

            return await hearing;
        }));
        var closed = answers.Count(answer => answer.StartsWith("HTTP/1.1 408", StringComparison.Ordinal) || answer.Length == 0);
        stage.Require(closed == connections, $"408 to all, but to {closed}");
        return $"408 and the end of the connection after {stage.Length("10 s", "2 s")}";
    }
}

internal sealed class SlowReads() : AttackScenario(
    "slow-reads",
    "Clients that ask for pages of 12 MB and streams of large notifications, and read nothing")
{
    private const int Users = 4;
    private const int Notifications = 1_000;
    private const int Pages = 5;
    private const int PayloadLength = 12_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>One that nobody asked for is allowed on a WebSocket; over HTTP it would be the next request, which is not read before the answer is taken.</summary>
    private static readonly byte[] Pong = [0x8A, 0x80, 0, 0, 0, 0];

    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var payload = JsonSerializer.SerializeToElement(new string('x', PayloadLength));
        for (var user = 0; user < Users; user++)
        {
            var stream = StreamName.User($"reader-{user}");
            await Task.WhenAll(Enumerable.Range(0, Notifications).Select(_ =>
                stage.Cluster.Publisher.PublishAsync(stream, new Notification { Type = "LARGE", Payload = payload }, cancellationToken)));
        }

        var reading = Enumerable.Range(0, Users).SelectMany(user => Enumerable.Range(0, Pages).Select(_ => ReadPageAsync(stage, $"reader-{user}", cancellationToken)));
        var streaming = Enumerable.Range(0, Users).Select(user => ReadStreamAsync(stage, $"reader-{user}", cancellationToken));
        var ended = await Task.WhenAll(reading.Concat(streaming));
        stage.Require(ended.All(isEnded => isEnded), $"the end of each connection, but of {ended.Count(isEnded => isEnded)} of {ended.Length}");
        return $"{ended.Count(isEnded => isEnded)} of {ended.Length} connections ended within {Limit.TotalSeconds:0} s";
    }

    /// <summary>A page of the own log, most of which fits no buffer on the way.</summary>
    private static async Task<bool> ReadPageAsync(AttackStage stage, string user, CancellationToken cancellationToken)
    {
        using var connection = await RawConnection.OpenAsync(stage.Gateway, stage.Source, cancellationToken);
        connection.Stream.Socket.ReceiveBufferSize = 4096;
        await connection.SayAsync($"GET /api/notifications?limit=1000 HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {stage.Token(user)}\r\n\r\n", cancellationToken);
        return await IsResetAsync(connection.Stream, cancellationToken);
    }

    private static async Task<bool> ReadStreamAsync(AttackStage stage, string user, CancellationToken cancellationToken)
    {
        using var connection = await RawConnection.OpenAsync(stage.Gateway, stage.Source, cancellationToken);
        connection.Stream.Socket.ReceiveBufferSize = 4096;
        await connection.UpgradeAsync("/hubs/notifications?device=slow", stage.Token(user), cancellationToken);
        using var socket = WebSocket.CreateFromStream(connection.Stream, new WebSocketCreationOptions { IsServer = false });
        await socket.SendAsync("""{"protocol":"json","version":1}"""u8.ToArray().Append((byte)HubSocket.RecordEnd).ToArray(), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        return await IsResetAsync(connection.Stream, cancellationToken);
    }

    /// <summary>Without reading: a socket that was closed takes no more bytes.</summary>
    private static async Task<bool> IsResetAsync(Stream stream, CancellationToken cancellationToken)
    {
        var waited = TimeSpan.Zero;
        var step = TimeSpan.FromMilliseconds(500);
        try
        {
            for (; waited < Limit; waited += step)
            {
                await Task.Delay(step, cancellationToken);
                await stream.WriteAsync(Pong, cancellationToken);
            }

            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}

internal sealed class UnfinishedHandshakes() : AttackScenario(
    "unfinished-handshakes",
    "A thousand WebSockets of a hundred users, without SignalR's handshake")
{
    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var (users, each) = stage.Length((100, 10), (10, 10));
        var open = await Task.WhenAll(Enumerable.Range(0, users * each).Select(async number =>
        {
            using var socket = await OpenAsync(stage, $"silent-{number / each}", cancellationToken);
            return await socket.HearAsync(until: null, TimeSpan.FromSeconds(40), cancellationToken);
        }));
        var closed = open.Count(heard => heard.IsClosed && heard.Said.Contains("Handshake was canceled", StringComparison.Ordinal));
        stage.Require(closed == open.Length, $"each is told so and closed, but {closed}");
        return $"{closed} of {open.Length} closed after {stage.Length("15 s", "2 s")} with \"Handshake was canceled.\"";
    }

    /// <summary>As patient as it is told: more come than the gateway lets in at once.</summary>
    private static async Task<HubSocket> OpenAsync(AttackStage stage, string user, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await HubSocket.OpenAsync(stage, user, cancellationToken);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1_000 + Random.Shared.Next(1_000)), cancellationToken);
            }
        }
    }
}
