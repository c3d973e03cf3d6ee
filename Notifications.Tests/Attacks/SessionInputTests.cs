using System.Collections.Concurrent;
using System.Net;
using Notifications.Benchmarks.Attacks;
using Notifications.Testing.Clusters;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Attacks;

/// <summary>
/// What one session sends ends that session at the most. The others have the same gateway, the same hub and the same link between them, and must notice nothing.
/// </summary>
public sealed class SessionInputTests
{
    private const int Lanes = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [TheoryWithRedisServer]
    [InlineData("json")]
    [InlineData("messagepack")]
    public async Task No_value_and_no_frame_of_a_session_is_noticed_by_another(string protocol)
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var cluster = await Cluster.StartAsync(
            new ClusterOptions
            {
                Hubs = 1,
                HasFront = false,
                GatewaySettings = new Dictionary<string, string> { ["Gateway__HandshakesPerSecond"] = "5000", ["Gateway__HandshakeBurst"] = "5000" },
            },
            limit.Token);
        await using var bystanders = new Bystanders(cluster);
        await bystanders.StartAsync(limit.Token);
        var logs = new ErrorsLogged(cluster);
        var stage = new AttackStage(cluster, IPAddress.Loopback, isBrief: true);
        var valid = OddValues.Call(protocol, "Unsubscribe", OddValues.Plain(protocol, "topic:odd"));
        var opcode = (byte)(OddFrames.Final | OddFrames.OpcodeOf(protocol));
        byte[][] inputs =
        [
            .. OddValues.Calls(protocol).Select(call => OddFrames.Of(opcode, call)),
            .. Enumerable.Range(0, OddFrames.Count).Select(number => OddFrames.In(number, protocol, valid)),
        ];

        var ends = new ConcurrentBag<string>();
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(async lane =>
        {
            for (var i = lane; i < inputs.Length; i += Lanes)
            {
                ends.Add(await RawWebSocket.TryAsync(stage, $"odd-{i}", protocol, inputs[i], limit.Token));
            }
        }));

        cluster.ThrowIfAnyDied();
        Assert.Equal(inputs.Length, ends.Count);
        // Some are only errors of a call, and some end the session.
        Assert.Equal([RawWebSocket.Ended, FrameProbe.Served], ends.Distinct().Where(end => end != FrameProbe.Waited).Order());
        Assert.True(await bystanders.HaveAllAsync(limit.Token), "The others did not get all notifications.");
        Assert.Equal(0, bystanders.Reconnects);
        Assert.Empty(logs.New());
        cluster.KeepsLogs = false;
    }
}
