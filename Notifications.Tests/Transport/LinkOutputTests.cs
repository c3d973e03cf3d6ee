using System.Net;
using System.Net.Sockets;
using System.Text;
using Notifications.Transport;
using Notifications.Transport.Links;
using Xunit;

namespace Notifications.Tests.Transport;

public sealed class LinkOutputTests
{
    private static readonly byte[] Payload = new byte[60_000];

    [Fact]
    public async Task A_congestion_in_one_batch_is_told_to_be_over_once_it_is_sent()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var sender = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await sender.ConnectAsync(listener.LocalEndpoint);
        using var receiver = await listener.AcceptSocketAsync();
        var drained = 0;
        var output = new LinkOutput(
            sender,
            async bytes =>
            {
                while (bytes.Length > 0)
                {
                    bytes = bytes[await sender.SendAsync(bytes)..];
                }
            },
            () => Interlocked.Increment(ref drained),
            exception => Assert.Fail(exception.Message));

        WriteBatch.Begin();
        var written = 0L;
        while (!output.IsCongested)
        {
            output.Write(FrameType.Data, 1, Payload);
            written += LinkFrame.HeadLength + Payload.Length;
        }

        WriteBatch.End();
        var buffer = new byte[100_000];
        for (var received = 0L; received < written;)
        {
            received += await receiver.ReceiveAsync(buffer);
        }

        await Eventually.True(() => drained == 1 && !output.IsCongested, "the congestion to be over");
        output.Write(FrameType.Data, 1, Payload);
        Assert.True(await receiver.ReceiveAsync(buffer) > 0);
    }

    [Fact]
    public async Task What_is_written_while_something_is_being_sent_follows_it()
    {
        var sent = new List<byte[]>();
        var sending = new TaskCompletionSource();
        var output = new LinkOutput(
            null,
            async bytes =>
            {
                sent.Add(bytes.ToArray());
                await sending.Task;
            },
            () => { },
            exception => Assert.Fail(exception.Message));

        output.Write(FrameType.Data, 1, "one"u8);
        output.Write(FrameType.Data, 2, "two"u8, "three"u8);
        output.Write(FrameType.Close, 1, default);
        sending.SetResult();

        await Eventually.True(() => sent.Sum(each => each.Length) == (3 * LinkFrame.HeadLength) + 11, "everything to be sent");
        var frames = new List<string>();
        var input = new LinkInput((frame, payload) => frames.Add($"{frame.Type} {frame.Session} {Encoding.ASCII.GetString(payload)}"));
        foreach (var bytes in sent)
        {
            bytes.CopyTo(input.Room);
            input.Received(bytes.Length);
        }

        Assert.Equal(["Data 1 one", "Data 2 twothree", "Close 1 "], frames);
    }
}
