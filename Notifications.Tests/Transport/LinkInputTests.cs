using System.Text;
using Notifications.Transport.Links;
using Xunit;

namespace Notifications.Tests.Transport;

public sealed class LinkInputTests
{
    [Fact]
    public void Frames_are_the_same_wherever_the_network_cuts_them()
    {
        byte[] bytes = [.. Frame(FrameType.Data, 7, "hello"u8), .. Frame(FrameType.Close, 7, []), .. Frame(FrameType.DataPart, 900_000, new byte[300])];
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var seen = new List<(LinkFrame Frame, byte[] Payload)>();
            var input = new LinkInput((frame, payload) => seen.Add((frame, payload.ToArray())));

            Receive(input, bytes.AsSpan(0, cut));
            Receive(input, bytes.AsSpan(cut));

            Assert.Equal(
                [new LinkFrame(FrameType.Data, 7, 5), new LinkFrame(FrameType.Close, 7, 0), new LinkFrame(FrameType.DataPart, 900_000, 300)],
                seen.Select(each => each.Frame));
            Assert.Equal("hello"u8, seen[0].Payload);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(10, 0)]
    [InlineData(3, -1)]
    [InlineData(3, LinkFrame.MaxLength + 1)]
    public void What_is_no_frame_is_told(byte type, int length)
    {
        var head = new byte[LinkFrame.HeadLength];
        new LinkFrame((FrameType)type, 1, length).Write(head);

        var exception = Assert.Throws<IOException>(() => Receive(new LinkInput((_, _) => { }), head));

        Assert.Contains($"type {type} with {length} bytes", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_has_what_was_put_in()
    {
        var head = new LinkHead("/hubs/notifications?device=x", [new("A", "1\r\nB: 2"), new("A", ""), new("Ünï", "☃")]);

        var parsed = LinkHead.Parse(head.ToBytes());

        Assert.Equal(head.First, parsed.First);
        Assert.Equal(head.Headers, parsed.Headers);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u0003ab")]
    [InlineData("\u0001/\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff")]
    [InlineData("\u0001/\u0005")]
    public void What_is_no_head_is_told(string bytes) =>
        Assert.Throws<IOException>(() => LinkHead.Parse(Encoding.Latin1.GetBytes(bytes)));

    private static byte[] Frame(FrameType type, uint session, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[LinkFrame.HeadLength + payload.Length];
        new LinkFrame(type, session, payload.Length).Write(frame);
        payload.CopyTo(frame.AsSpan(LinkFrame.HeadLength));
        return frame;
    }

    private static void Receive(LinkInput input, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(input.Room.Span);
        input.Received(bytes.Length);
    }
}
