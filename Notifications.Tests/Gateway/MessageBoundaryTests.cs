using System.Text;
using Notifications.Gateway.Sessions;
using Xunit;

namespace Notifications.Tests.Gateway;

public sealed class MessageBoundaryTests
{
    private const int Seed = 20;

    [Fact]
    public void Frames_of_every_size_end_where_the_next_begins_however_the_network_cuts_them()
    {
        var random = new Random(Seed);
        int[] sizes = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000, 3, 0];
        byte[][] frames = [.. sizes.SelectMany(size => (byte[][])[Frame(0x82, size, masked: false), Frame(0x01, size, masked: true)])];
        byte[] stream = [.. frames.SelectMany(frame => frame)];
        var ends = frames.Select((_, index) => frames[..(index + 1)].Sum(frame => frame.Length)).ToArray();

        var found = new List<int>();
        var boundaries = new WebSocketFrames();
        for (var at = 0; at < stream.Length;)
        {
            // The first byte always belongs to the next frame, and the rest as far as the frame goes.
            at += boundaries.Follow(stream.AsSpan(at, 1), untilBoundary: false);
            var count = Math.Min(random.Next(1, 9_000), stream.Length - at);
            at += boundaries.Follow(stream.AsSpan(at, count), untilBoundary: true);
            if (boundaries.IsBetweenMessages)
            {
                found.Add(at);
            }
        }

        Assert.Equal(ends, found);
    }

    [Fact]
    public void After_a_close_of_the_hubs_own_nothing_can_be_said()
    {
        var boundaries = new WebSocketFrames();
        Assert.True(boundaries.IsBetweenMessages);

        Assert.Equal(4, boundaries.Follow([0x88, 0x02, 0x03, 0xE8], untilBoundary: false));

        Assert.False(boundaries.IsBetweenMessages);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(":\r\n", true)]
    [InlineData(":\r\n\r\n", true)]
    [InlineData("data: 1", false)]
    [InlineData("data: 1\r\n", false)]
    [InlineData("data: 1\r\ndata: 2\r\n", false)]
    [InlineData("data: 1\r\ndata: 2\r\n\r\n", true)]
    [InlineData("data: 1\n\n", true)]
    [InlineData("data: 1\r\n\r\n: pause", false)]
    [InlineData("data: 1\r\n\r\n: pause\r\n", true)]
    public void An_event_stream_can_be_ended_after_an_empty_line(string sent, bool isBetween)
    {
        var boundaries = new ServerSentEvents();
        foreach (var character in Encoding.UTF8.GetBytes(sent))
        {
            boundaries.Follow([character], untilBoundary: false);
        }

        Assert.Equal(isBetween, boundaries.IsBetweenMessages);
    }

    [Fact]
    public void An_event_is_followed_to_its_end_and_no_further()
    {
        var boundaries = new ServerSentEvents();
        boundaries.Follow("data: 1"u8, untilBoundary: false);

        Assert.Equal("2\r\n\r\n".Length, boundaries.Follow("2\r\n\r\ndata: 3"u8, untilBoundary: true));
        Assert.Equal(0, boundaries.Follow("data: 3"u8, untilBoundary: true));
    }

    private static byte[] Frame(byte first, int size, bool masked)
    {
        byte[] length = size switch
        {
            < 126 => [(byte)size],
            <= ushort.MaxValue => [126, (byte)(size >> 8), (byte)size],
            _ => [127, 0, 0, 0, 0, (byte)(size >> 24), (byte)(size >> 16), (byte)(size >> 8), (byte)size],
        };
        length[0] |= (byte)(masked ? 0x80 : 0);
        return [first, .. length, .. new byte[masked ? 4 : 0], .. new byte[size]];
    }
}
