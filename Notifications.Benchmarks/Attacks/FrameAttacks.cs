using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;

namespace Notifications.Benchmarks.Attacks;

internal sealed class OversizedFrames() : AttackScenario(
    "oversized-frames",
    "Messages of 40 KB and endless ones, in JSON and MessagePack, and a body of 5 MB to the publish endpoint")
{
    private const int Size = 40_000;
    private const int Endless = 4 * 1024 * 1024;

    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        const string answer = "The message is larger than 32768 bytes (SignalR:MaximumReceiveMessageSize).";
        var times = stage.Length(25, 3);
        for (var i = 0; i < times; i++)
        {
            foreach (var size in (int[])[Size, Endless])
            {
                // MessagePack: the length first, of 7 bits each.
                await CheckAsync(stage, $"json-{i}-{size}", "json", [.. "{\"type\":1,\"target\":\""u8, .. Filling(size)], answer, cancellationToken);
                await CheckAsync(stage, $"pack-{i}-{size}", "messagepack", [0xFF, 0xFF, 0xFF, 0x07, .. Filling(size)], answer, cancellationToken);
            }
        }

        using var http = stage.Http(stage.Token("attacker", "publisher"));
        using var body = new ByteArrayContent(Filling(5_000_000)) { Headers = { ContentType = new("application/json") } };
        using var refused = await http.PostAsync("/api/notifications", body, cancellationToken);
        stage.Require(refused.StatusCode == HttpStatusCode.RequestEntityTooLarge, $"413 to the body, but {(int)refused.StatusCode}");
        return $"{4 * times} connections closed, each with \"{answer}\"; 413";
    }

    private static byte[] Filling(int size)
    {
        var bytes = new byte[size];
        bytes.AsSpan().Fill((byte)'x');
        return bytes;
    }

    private static async Task CheckAsync(AttackStage stage, string user, string protocol, byte[] frame, string answer, CancellationToken cancellationToken)
    {
        using var socket = await HubSocket.ConnectAsync(stage, user, protocol, cancellationToken);
        var hearing = socket.HearAsync(until: null, TimeSpan.FromSeconds(20), cancellationToken);
        // It may close before it took all of it.
        await socket.SayAsync(frame, cancellationToken);
        var heard = await hearing;
        stage.Require(heard.IsClosed && (heard.Reason == answer || heard.Reason.Length == 0), $"\"{answer}\" in {protocol}, but \"{heard.Reason}\"");
    }
}

/// <summary>
/// Messages to the hub that no client would send, in JSON and in MessagePack, each on a connection of its own. <paramref name="messages"/> gives
/// those of a protocol, and fewer for the short form.
/// </summary>
internal sealed class StrangeMessages(string name, string what, Func<string, bool, IEnumerable<byte[]>> messages) : AttackScenario(name, what)
{
    private const int Seed = 20_260_601;
    private const int Lanes = 16;

    /// <summary>Valid ones changed at random.</summary>
    public static StrangeMessages Malformed() => new(
        "malformed-frames",
        "A thousand SignalR messages changed at random in JSON, and a thousand in MessagePack",
        (protocol, isBrief) =>
        {
            var mutations = new Mutations(Seed);
            return Enumerable.Range(0, isBrief ? 150 : 1_000).Select(_ => mutations.HubFrame(protocol));
        });

    /// <summary>The first of them once ended the sessions of everybody between that gateway and that hub.</summary>
    public static StrangeMessages WithOddValues() => new(
        "odd-values",
        "Calls with odd arguments: invalid text, numbers of every size and form, nesting, wrong lengths",
        (protocol, isBrief) => OddValues.Calls(protocol).Where((_, number) => !isBrief || number % 4 == 0));

    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var answers = new ConcurrentDictionary<string, int>();
        var count = 0;
        foreach (var protocol in (string[])["json", "messagepack"])
        {
            var frames = new ConcurrentQueue<byte[]>(messages(protocol, stage.IsBrief));
            count += frames.Count;
            await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => RunLaneAsync(stage, $"{Name}-{protocol}-{lane}", protocol, frames, answers, cancellationToken)));
        }

        stage.Require(answers.Values.Sum() == count, "every frame was sent");
        stage.Require(answers.Keys.All(FrameProbe.IsKnown), "only known answers");
        return string.Join(", ", answers.OrderByDescending(answer => answer.Value).Select(answer => $"{answer.Value} × {answer.Key}"));
    }

    private static async Task RunLaneAsync(
        AttackStage stage, string lane, string protocol, ConcurrentQueue<byte[]> frames, ConcurrentDictionary<string, int> answers, CancellationToken cancellationToken)
    {
        for (var number = 0; frames.TryDequeue(out var frame); number++)
        {
            // A user each: who is refused by the limit of a user's handshakes would try nothing.
            answers.AddOrUpdate(await FrameProbe.SendAsync(stage, $"{lane}-{number}", protocol, frame, cancellationToken), 1, (_, before) => before + 1);
        }
    }
}

internal sealed class UnknownMethods() : AttackScenario("unknown-methods", "Calls of unknown methods, among them those of .NET's hub class")
{
    private const int Calls = 101;

    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        const string answer = "Method does not exist.";
        const string last = "More than 100 messages of this connection were not valid calls of a hub method";
        string[] methods = ["OnConnectedAsync", "OnDisconnectedAsync", "Dispose", "get_Clients", "ToString", "GetType", "subscribe", "Subscribe\\u0000", "../Instance", ""];
        var times = stage.Length(20, 2);
        for (var i = 0; i < times; i++)
        {
            using var socket = await HubSocket.ConnectAsync(stage, $"caller-{i}", "json", cancellationToken);
            // Method names are not told apart by case, so "subscribe" lacks an argument; each is one the hub has no use for.
            var calls = new StringBuilder();
            for (var call = 0; call < Calls; call++)
            {
                calls.Append(CultureInfo.InvariantCulture, $$"""{"type":1,"invocationId":"{{call}}","target":"{{methods[call % methods.Length]}}","arguments":[]}{{HubSocket.RecordEnd}}""");
            }

            await socket.SayAsync(calls.ToString(), cancellationToken);
            var heard = await socket.HearAsync(until: null, TimeSpan.FromSeconds(20), cancellationToken);
            var errors = heard.Said.Split(answer).Length - 1;
            stage.Require(errors >= (Calls - 1) * 9 / 10, $"\"{answer}\" to each, but to {errors}");
            stage.Require(heard.IsClosed && heard.Reason.StartsWith(last, StringComparison.Ordinal), $"the end after a hundred, but \"{heard.Reason}\"");
        }

        return $"\"{answer}\" each; after 100 on a connection its end, \"{last} …\"";
    }
}

internal sealed class CallFlood() : AttackScenario("call-flood", "Calls and acknowledgements as fast as ten connections take them")
{
    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        var connections = stage.Length(10, 2);
        var call = $$"""{"type":1,"invocationId":"1","target":"Instance","arguments":[]}{{HubSocket.RecordEnd}}""";
        var foreign = $$"""{"type":1,"target":"Acknowledge","arguments":["topic:attacked","e",1]}{{HubSocket.RecordEnd}}""";
        var ends = await Task.WhenAll(Enumerable.Range(0, connections).Select(async number =>
        {
            using var socket = await HubSocket.ConnectAsync(stage, $"flood-{number}", "json", cancellationToken);
            var hearing = socket.HearAsync(until: null, TimeSpan.FromSeconds(30), cancellationToken);
            var burst = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(number % 2 == 0 ? call : foreign, 100)));
            while (!hearing.IsCompleted && await socket.SayAsync(burst, cancellationToken))
            {
                // Until the hub has had enough.
            }

            return await hearing;
        }));
        stage.Require(ends.All(end => end.IsClosed), "the end of each connection");
        stage.Require(ends.Where((_, number) => number % 2 == 0).All(end => end.Said.Contains("unavailable: this connection calls more often", StringComparison.Ordinal)), "an error of calls before it");
        return $"\"unavailable: this connection calls more often than the 250 at once and 20 per second …\", and the end of {ends.Count(end => end.IsClosed)} of {connections} connections";
    }
}
