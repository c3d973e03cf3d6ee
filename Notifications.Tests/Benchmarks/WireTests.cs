using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Notifications.Benchmarks.Compare.Protocols;
using Notifications.Benchmarks.Compare.Publishing;
using Notifications.Benchmarks.Compare.Wire;
using Xunit;

namespace Notifications.Tests.Benchmarks;

/// <summary>What the driver of the compare command sends and reads, byte by byte.</summary>
public sealed class WireTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(0)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(1000)]
    public void A_clients_frame_is_masked_and_holds_its_payload(int length)
    {
        var payload = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        var frame = new byte[length + ClientFrame.MaxOverhead];
        var written = ClientFrame.Write(frame, WebSocketOpcode.Text, payload);

        Assert.Equal(0x81, frame[0]);
        Assert.Equal(0x80, frame[1] & 0x80);
        var head = length < 126 ? 2 : 4;
        Assert.Equal(length, head == 2 ? frame[1] & 0x7f : BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(2)));
        var mask = frame[head..(head + 4)];
        Assert.Equal(payload, frame[(head + 4)..written].Select((value, i) => (byte)(value ^ mask[i % 4])));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(300)]
    [InlineData(70_000)]
    public void A_servers_frame_is_read_once_all_of_it_is_there(int length)
    {
        var bytes = Frame(isFinal: true, WebSocketOpcode.Text, new string('x', length));

        Assert.False(ServerFrame.TryRead(bytes.AsSpan(0, bytes.Length - 1), out _));
        Assert.True(ServerFrame.TryRead([.. bytes, 0x81], out var frame));
        Assert.Equal((true, WebSocketOpcode.Text, length, bytes.Length), (frame.IsFinal, frame.Opcode, frame.Payload.Length, frame.Length));
    }

    [Fact]
    public void A_masked_frame_of_a_server_is_refused() =>
        Assert.Throws<InvalidDataException>(() => ServerFrame.TryRead([0x81, 0x80, 0, 0, 0, 0], out _));

    [Fact]
    public void An_answer_tells_its_status_and_when_to_come_again()
    {
        Assert.False(UpgradeResponse.TryRead("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n"u8, out _));
        Assert.True(UpgradeResponse.TryRead("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n{}"u8, out var refusal));
        Assert.Equal((503, TimeSpan.FromSeconds(7)), (refusal.Status, refusal.RetryAfter));
        Assert.Throws<InvalidDataException>(() => UpgradeResponse.TryRead("+PONG\r\n\r\n"u8, out _));
    }

    [Theory]
    [InlineData(1, 1L)]
    [InlineData(1_234_567, 9_876_543_210_123L)]
    public void Every_payload_has_the_same_size_and_is_found_in_a_message(int number, long intended)
    {
        var json = JsonSerializer.Serialize(Payload.Of(new Order(number, 3, intended)));
        var arrivals = new Arrivals();
        arrivals.Add(connection: 4, Encoding.UTF8.GetBytes($"42[\"notification\",{json}]"));

        Assert.Equal(Payload.Bytes, json.Length);
        Assert.Equal((4, number), (arrivals.All.Single().Connection, arrivals.All.Single().Number));
    }

    [Fact]
    public void An_order_is_read_as_it_was_written()
    {
        using var stream = new MemoryStream();
        var book = new OrderBook(stream) { Recipient = rank => rank + 7 };
        book.Add(intended: 42);
        book.Add(intended: 43);
        book.Flush();

        Assert.Equal(new Order(1, 7, 42), Order.Read(stream.ToArray()));
        Assert.Equal(new Order(2, 8, 43), Order.Read(stream.ToArray().AsSpan(Order.Size)));
        Assert.Equal([book.Of(1), book.Of(2)], book.Orders);
    }

    [Fact]
    public async Task A_message_in_several_frames_that_come_byte_by_byte_arrives_whole()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        byte[] answer =
        [
            .. "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"u8,
            .. Frame(isFinal: true, WebSocketOpcode.Text, ""),
            .. Frame(isFinal: false, WebSocketOpcode.Text, "{\"n\":12,"),
            .. Frame(isFinal: true, WebSocketOpcode.Ping, "?"),
            .. Frame(isFinal: false, WebSocketOpcode.Continuation, "\"t\":3"),
            .. Frame(isFinal: true, WebSocketOpcode.Continuation, "4}"),
        ];
        var serving = ServeAsync(listener, answer);
        var arrivals = new Arrivals();
        using var clients = new ClientLoop(new PlainProtocol(arrivals), CancellationToken.None);
        clients.Connect([clients.Add("u1", (IPEndPoint)listener.LocalEndpoint)], inFlight: 1);
        clients.RunUntil(() => arrivals.Count == 1, Limit, "the message");

        Assert.Equal(1, clients.Ready);
        Assert.Equal(12, arrivals.All[0].Number);
        Assert.Contains("GET /?user=u1 HTTP/1.1\r\n", await serving, StringComparison.Ordinal);
    }

    /// <returns>The request.</returns>
    private static async Task<string> ServeAsync(TcpListener listener, byte[] answer)
    {
        using var client = await listener.AcceptTcpClientAsync();
        client.NoDelay = true;
        var request = new byte[4096];
        var length = await client.GetStream().ReadAsync(request);
        foreach (var each in answer)
        {
            await client.GetStream().WriteAsync(new[] { each });
        }

        return Encoding.ASCII.GetString(request, 0, length);
    }

    private static byte[] Frame(bool isFinal, WebSocketOpcode opcode, string text)
    {
        var first = (byte)((isFinal ? 0x80 : 0) | (byte)opcode);
        byte[] length = text.Length switch
        {
            < 126 => [(byte)text.Length],
            < 65_536 => [126, (byte)(text.Length >> 8), (byte)text.Length],
            _ => [127, 0, 0, 0, 0, (byte)(text.Length >> 24), (byte)(text.Length >> 16), (byte)(text.Length >> 8), (byte)text.Length],
        };
        return [first, .. length, .. Encoding.UTF8.GetBytes(text)];
    }
}
