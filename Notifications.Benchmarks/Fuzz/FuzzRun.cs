using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using Notifications.Benchmarks.Attacks;
using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks.Fuzz;

/// <summary>
/// Valid requests to the APIs, valid messages to the hub and the frames that bring them, changed at random, through the gateway. None may be answered with a 5xx,
/// make a service log an error, or be noticed by anybody else.
/// </summary>
internal sealed class FuzzRun(FuzzOptions options, AttackStage stage)
{
    private const int ApiLanes = 3;
    private const int HubLanes = 6;
    private const int FrameLanes = 4;
    private const int OddLanes = 8;

    private static readonly string[] Bodies =
    [
        """{"stream":"user:fuzz","id":"a","type":"T","payload":{"x":[1,2.5,"é",null,true]}}""",
        """{"stream":"topic:fuzz","type":"T","payload":"text"}""",
        """[{"stream":"user:fuzz","type":"T","payload":1},{"stream":"topic:fuzz","type":"T","payload":null}]""",
        """{"stream":"user:fuzz","type":"T","payload":1,"push":{"title":"t","body":"b","badge":1,"sound":"s","grace":5,"ttl":60,"data":{"a":"b"}}}""",
        """{"platform":"fcm","token":"abc"}""",
        """{"item":"book","quantity":2}""",
    ];

    private static readonly string[] Paths =
        ["/api/notifications", "/api/notifications?after=1&limit=5", "/api/devices/phone", "/api/orders", "/api/orders/1", "/api/orders/1/status", "/hubs/notifications?id=abc", "/hubs/notifications/negotiate?negotiateVersion=1&device=fuzz"];

    private static readonly HttpMethod[] Methods = [HttpMethod.Get, HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete];

    /// <summary>Nothing of it may be too many: that is another answer than the one that is looked for.</summary>
    private static readonly Dictionary<string, string> Unhurried = new()
    {
        ["Gateway__HandshakesPerSecond"] = "5000",
        ["Gateway__HandshakeBurst"] = "5000",
    };

    private const string OddInputs = "odd values and frames";

    private readonly ConcurrentDictionary<string, int> _answers = new();
    private readonly ConcurrentQueue<string> _violations = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <returns>What may not be; nothing, if all is well.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(FuzzOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        await using var cluster = await Cluster.StartAsync(new ClusterOptions { Hubs = 2, OrderServices = 1, GatewaySettings = Unhurried }, cancellationToken);
        output.WriteLine($"Fuzzing {(options.Duration is { } duration ? $"for {duration.TotalSeconds:0} s" : $"with {options.Inputs} inputs of each kind")} from the seed {options.Seed}. The servers log to {cluster.LogDirectory}.");
        await using var bystanders = new Bystanders(cluster);
        await bystanders.StartAsync(cancellationToken);
        var logs = new ErrorsLogged(cluster);
        var run = new FuzzRun(options, new AttackStage(cluster, IPAddress.Loopback, isBrief: false));
        await run.RunOddAsync(cancellationToken);
        await run.RunAsync(cancellationToken);
        cluster.ThrowIfAnyDied();
        if (!await bystanders.HaveAllAsync(cancellationToken) || bystanders.Reconnects > 0)
        {
            run._violations.Enqueue($"others lost {bystanders.Reconnects} connections, or notifications");
        }

        foreach (var (answer, count) in run._answers.OrderByDescending(answer => answer.Value))
        {
            output.WriteLine($"{count} × {answer}");
        }

        string[] violations = [.. run._violations.Distinct(), .. logs.New()];
        cluster.KeepsLogs = violations.Length > 0;
        return violations;
    }

    /// <summary>Every odd value and every odd frame once, as it is. Some of them end their session, and others only fail a call.</summary>
    private async Task RunOddAsync(CancellationToken cancellationToken)
    {
        var inputs = new[] { "json", "messagepack" }.SelectMany(Odd).Index().ToList();
        await Parallel.ForEachAsync(inputs, new ParallelOptions { MaxDegreeOfParallelism = OddLanes, CancellationToken = cancellationToken }, async (input, token) =>
            Count(await RawWebSocket.TryAsync(stage, $"odd-{input.Index}", input.Item.Protocol, input.Item.Frames, token), OddInputs));
        foreach (var end in new[] { RawWebSocket.Ended, FrameProbe.Served }.Where(end => !_answers.ContainsKey(Named(end, OddInputs))))
        {
            _violations.Enqueue($"no odd input was {end}");
        }

        static IEnumerable<(string Protocol, byte[] Frames)> Odd(string protocol)
        {
            var valid = OddValues.Call(protocol, "Unsubscribe", OddValues.Plain(protocol, "topic:odd"));
            var opcode = (byte)(OddFrames.Final | OddFrames.OpcodeOf(protocol));
            return OddValues.Calls(protocol).Select(call => (protocol, OddFrames.Of(opcode, call)))
                .Concat(Enumerable.Range(0, OddFrames.Count).Select(number => (protocol, OddFrames.In(number, protocol, valid))));
        }
    }

    private Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        RunAsync(ApiLanes, ApiLane, cancellationToken), RunAsync(HubLanes, HubLane, cancellationToken), RunAsync(FrameLanes, FrameLane, cancellationToken));

    /// <summary>The inputs of one kind, shared among its lanes.</summary>
    private Task RunAsync(int lanes, Func<int, Func<CancellationToken, Task>> lane, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, lanes).Select(async number =>
        {
            var once = lane(number);
            for (var input = number; options.Duration is { } duration ? _watch.Elapsed < duration : input < options.Inputs; input += lanes)
            {
                await once(cancellationToken);
            }
        }));

    private Func<CancellationToken, Task> ApiLane(int lane)
    {
        var random = new Random(options.Seed + lane);
        var mutations = new Mutations(options.Seed + lane);
        var http = stage.Http(stage.Token("fuzz", "publisher", "staff"));
        var isUnchanged = true;
        return async cancellationToken =>
        {
            // A lane's first input is unchanged: were what the others begin with refused, they would test nothing but the refusal.
            var mustSucceed = isUnchanged;
            isUnchanged = false;
            // Mostly the publish endpoint; in the others the address is changed too.
            var isPublish = mustSucceed || random.Next(3) > 0;
            var path = isPublish ? Paths[0] : Encoding.Latin1.GetString(mutations.Changed(Encoding.ASCII.GetBytes(Paths[random.Next(Paths.Length)])));
            var body = Encoding.UTF8.GetBytes(Bodies[mustSucceed ? lane : random.Next(Bodies.Length)]);
            body = mustSucceed ? body : mutations.Changed(body);
            using var request = new HttpRequestMessage(isPublish ? HttpMethod.Post : Methods[random.Next(Methods.Length)], Address(path));
            if (request.Method != HttpMethod.Get)
            {
                request.Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
            }

            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            Count($"{(int)answer.StatusCode}", "APIs");
            if ((int)answer.StatusCode >= 500 || (mustSucceed && !answer.IsSuccessStatusCode))
            {
                _violations.Enqueue($"{(int)answer.StatusCode} to {request.Method} {request.RequestUri} {Convert.ToBase64String(body)}");
            }
        };
    }

    /// <summary>Under the gateway's address, whatever the path is made of, and sent as it stands.</summary>
    private Uri Address(string path) => new(
        $"http://{stage.Gateway}/" + string.Concat(path.Skip(1).Select(c => c is > ' ' and < '\x7f' and not ('#' or '\\') ? c.ToString() : Uri.HexEscape(c))),
        new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    private Func<CancellationToken, Task> HubLane(int lane)
    {
        var protocol = lane % 2 == 0 ? "json" : "messagepack";
        var mutations = new Mutations(options.Seed + ApiLanes + lane);
        var number = 0;
        return async cancellationToken =>
        {
            var answer = await FrameProbe.SendAsync(stage, $"fuzz-{lane}-{number++ % 100}", protocol, mutations.HubFrame(protocol), cancellationToken);
            Count(answer, protocol);
            if (!FrameProbe.IsKnown(answer))
            {
                _violations.Enqueue($"the hub said: {answer}");
            }
        };
    }

    private Func<CancellationToken, Task> FrameLane(int lane)
    {
        var protocol = lane % 2 == 0 ? "json" : "messagepack";
        var mutations = new Mutations(options.Seed + ApiLanes + HubLanes + lane);
        var number = 0;
        return async cancellationToken =>
            Count(await RawWebSocket.TryAsync(stage, $"frames-{lane}-{number++ % 100}", protocol, mutations.WebSocketFrames(protocol), cancellationToken), $"frames, {protocol}");
    }

    private void Count(string answer, string inputs) => _answers.AddOrUpdate(Named(answer, inputs), 1, (_, before) => before + 1);

    private static string Named(string answer, string inputs) => $"{answer} ({inputs})";
}
