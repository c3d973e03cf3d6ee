using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.SignalR.Protocol;
using Notifications.Hubs.Delivery;
using Notifications.Messaging;
using Notifications.Messaging.Log;

namespace Notifications.Benchmarks.Micro;

/// <summary>From the bytes of a stream's channel to the bytes of a connection: what each instance does once for each notification and protocol.</summary>
public class FrameBenchmarks
{
    private static readonly IHubProtocol JsonProtocol = new JsonHubProtocol();
    private static readonly IHubProtocol MessagePackProtocol = new MessagePackHubProtocol();

    private readonly StreamName _stream = StreamName.User("4711");
    private byte[] _message = [];

    /// <summary>Of the payload.</summary>
    [Params(200, 2_000)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        var payload = JsonSerializer.Serialize(new { text = new string('x', Bytes - "{\"text\":\"\"}".Length) });
        _message = Encoding.UTF8.GetBytes(
            $"4711 0123456789abcdef 0123456789ab 1700000000000 ba9876543210\n{{\"id\":\"1\",\"type\":\"LOAD\",\"payload\":{payload},\"timestamp\":1700000000000}}");
    }

    [Benchmark]
    public int Parse() => Heard().Position.GetHashCode();

    [Benchmark]
    public int Json() => Heard().In(JsonProtocol.Name).GetSerializedMessage(JsonProtocol).Length;

    [Benchmark]
    public int MessagePack() => Heard().In(MessagePackProtocol.Name).GetSerializedMessage(MessagePackProtocol).Length;

    private NotificationFrame Heard() => LiveMessage.TryParse(_message, out var live)
        ? NotificationFrame.Heard(_stream, live, LogEntry.Parse(live.Entry))
        : throw new InvalidDataException("The benchmark's message has not the form of a live message any more.");
}
