using System.Text;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Notifications.Benchmarks.Attacks;

/// <summary>Valid messages changed at random, the same ones for the same seed.</summary>
internal sealed class Mutations(int seed)
{
    private static readonly IHubProtocol[] Protocols = [new JsonHubProtocol(), new MessagePackHubProtocol()];

    /// <summary>One of each kind that a client may send, and of those that it may not.</summary>
    private static readonly HubMessage[] Messages =
    [
        new InvocationMessage("1", "Subscribe", ["topic:fuzz", new { epoch = "e", offset = 1L }]),
        new InvocationMessage("2", "Subscribe", ["topic:fuzz"]),
        new InvocationMessage("3", "Unsubscribe", ["topic:fuzz"]),
        new InvocationMessage(null, "Acknowledge", ["user:attacker", "epoch", 7L]),
        new InvocationMessage("4", "Instance", []),
        new StreamInvocationMessage("5", "Instance", []),
        new StreamItemMessage("5", 1),
        new CancelInvocationMessage("5"),
        CompletionMessage.WithResult("5", 1),
        PingMessage.Instance,
        new CloseMessage("none"),
    ];

    /// <summary>What parsers stumble over.</summary>
    private static readonly byte[][] Tokens =
    [
        .. new[] { "{", "}", "[", "]", "\"", "null", "-1", "1e999", "99999999999999999999", "\\u0000", "\\ud800", "\r\n", "\u001e", "{\"type\":", "\"arguments\":", "*", "?", "\0" }.Select(Encoding.UTF8.GetBytes),
        [0xFF, 0xFE], [0xC0, 0x80], [0xDF, 0xFF, 0xFF, 0xFF, 0xFF], [0xDD, 0xFF, 0xFF, 0xFF, 0x7F], [0x96], [0xC1], [0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0x07],
    ];

    private readonly Random _random = new(seed);

    /// <summary>A valid message, or a call with odd values, changed.</summary>
    public byte[] HubFrame(string protocol)
    {
        if (_random.Next(3) == 0)
        {
            return Changed(OddCall(protocol));
        }

        var writer = Array.Find(Protocols, each => each.Name == protocol)!;
        return Changed(writer.GetMessageBytes(Messages[_random.Next(Messages.Length)]).ToArray());
    }

    /// <summary>A message in WebSocket frames that no client sends, changed as well or not.</summary>
    public byte[] WebSocketFrames(string protocol)
    {
        var frames = OddFrames.In(_random.Next(OddFrames.Count), protocol, OddCall(protocol));
        return _random.Next(2) == 0 ? frames : Changed(frames);
    }

    private byte[] OddCall(string protocol)
    {
        var values = protocol == "json" ? OddValues.Json : OddValues.MessagePack;
        return OddValues.Call(protocol, "Acknowledge", Value("user:attacker"), Value("e"), values[_random.Next(values.Count)]);

        byte[] Value(string plain) => _random.Next(2) == 0 ? OddValues.Plain(protocol, plain) : values[_random.Next(values.Count)];
    }

    public byte[] Changed(byte[] valid)
    {
        var bytes = valid.ToList();
        for (var changes = _random.Next(1, 4); changes > 0; changes--)
        {
            var at = _random.Next(bytes.Count + 1);
            var some = _random.Next(Math.Min(16, bytes.Count - at) + 1);
            switch (_random.Next(6))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)_random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, some);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, some));
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    bytes.InsertRange(at, Tokens[_random.Next(Tokens.Length)]);
                    break;
            }
        }

        return [.. bytes];
    }
}
