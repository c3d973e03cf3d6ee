using System.Buffers.Binary;
using System.Text;
using Notifications.Hubs.Links;
using Xunit;

namespace Notifications.Tests.Links;

public sealed class ClientFramesTests
{
    private const byte Text = 0x81;
    private const byte Binary = 0x82;
    private const byte Ping = 0x89;
    private const byte FirstFragment = 0x01;
    private const byte LastFragment = 0x80;

    [Fact]
    public void Messages_that_come_whole_are_found_wherever_the_network_cuts_the_rest()
    {
        (byte First, string Payload, bool IsMessage)[] frames =
        [
            (Text, "one", true), (Binary, "two", false), (Text, new string('x', 126), true), (FirstFragment, "th", false), (Ping, "", false), (LastFragment, "ree", false),
            (Text, "", true), (Text, new string('y', 70_000), true), (Text, "four", true),
        ];
        var pieces = frames.Select(frame => Frame(frame.First, frame.Payload)).ToArray();
        byte[] bytes = [.. pieces.SelectMany(piece => piece)];
        // All of the short ones and their heads, and the long one's head.
        foreach (var cut in Enumerable.Range(0, 250).Concat(Enumerable.Range(bytes.Length - 30, 31)))
        {
            var expected = new List<string>();
            var start = 0;
            for (var i = 0; i < frames.Length; i++)
            {
                var end = start + pieces[i].Length;
                if (frames[i].IsMessage && !(start < cut && cut < end))
                {
                    expected.Add(frames[i].Payload);
                }

                start = end;
            }

            var received = new ClientFrames();
            var found = new List<string>();
            Find(ref received, bytes.AsSpan(0, cut), found);
            Find(ref received, bytes.AsSpan(cut), found);

            Assert.Equal(expected, found);
        }
    }

    [Fact]
    public void A_head_in_single_bytes_is_followed()
    {
        var received = new ClientFrames();
        var found = new List<string>();

        foreach (var each in Frame(Text, new string('x', 300)))
        {
            Find(ref received, [each], found);
        }

        Find(ref received, Frame(Text, "next"), found);
        Assert.Equal(["next"], found);
    }

    private static void Find(ref ClientFrames received, ReadOnlySpan<byte> bytes, List<string> found)
    {
        var at = 0;
        while (received.TryFindMessage(bytes, ref at, out var frame))
        {
            var message = new byte[frame.End - frame.Payload];
            ClientFrames.Unmask(bytes, frame, message);
            found.Add(Encoding.ASCII.GetString(message));
        }

        Assert.Equal(bytes.Length, at);
    }

    private static byte[] Frame(byte first, string payload)
    {
        byte[] mask = [0x5A, 0x00, 0xFF, 0x17];
        var masked = Encoding.ASCII.GetBytes(payload).Select((value, i) => (byte)(value ^ mask[i % mask.Length]));
        var length = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(length, (ulong)payload.Length);
        return payload.Length switch
        {
            < 126 => [first, (byte)(0x80 | payload.Length), .. mask, .. masked],
            <= ushort.MaxValue => [first, 0x80 | 126, .. length[6..], .. mask, .. masked],
            _ => [first, 0x80 | 127, .. length, .. mask, .. masked],
        };
    }
}
