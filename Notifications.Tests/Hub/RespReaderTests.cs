using System.Text;
using Notifications.Hubs.Delivery;
using Xunit;

namespace Notifications.Tests.Hub;

public sealed class RespReaderTests
{
    private const string Everything =
        "+OK\r\n-ERR no\r\n:12\r\n$5\r\na\r\nbc\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*2\r\n+x\r\n*1\r\n:1\r\n";

    private static readonly string[] EveryReply = ["+OK", "-ERR no", ":12", "$a\r\nbc", "$", "$null", "*null", "*0", "*3 $message $c *2 +x *1 :1"];

    [Fact]
    public void Replies_are_read_one_after_the_other() => Assert.Equal(EveryReply, ReadAll([Everything]));

    [Fact]
    public void Wherever_the_bytes_are_split_the_replies_are_the_same()
    {
        for (var split = 0; split <= Everything.Length; split++)
        {
            Assert.Equal(EveryReply, ReadAll([Everything[..split], Everything[split..]]));
        }

        Assert.Equal(EveryReply, ReadAll(Everything.Select(one => one.ToString())));
    }

    [Fact]
    public void No_part_of_a_reply_passes_for_one()
    {
        var message = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$4\r\n\r\n\r\n\r\n"u8.ToArray();
        for (var length = 0; length < message.Length; length++)
        {
            Assert.Equal(0, RespReader.Length(message.AsSpan(0, length)));
        }

        Assert.Equal(message.Length, RespReader.Length(message));
    }

    [Fact]
    public void A_large_string_is_read_as_it_is()
    {
        var payload = new byte[3_000_000];
        new Random(1).NextBytes(payload);
        byte[] reply = [.. Encoding.ASCII.GetBytes($"${payload.Length}\r\n"), .. payload, .. "\r\n"u8];

        Assert.Equal(0, RespReader.Length(reply.AsSpan(0, reply.Length - 1)));
        Assert.Equal(reply.Length, RespReader.Length(reply));
        var reader = new RespReader(reply);
        Assert.True(reader.TryRead());
        Assert.True(reader.Value.SequenceEqual(payload));
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("\r\n")]
    [InlineData("$x\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("*1x\r\n")]
    [InlineData("$99999999999\r\n")]
    [InlineData("$1\r\nabc\r\n")]
    [InlineData(">2\r\n")]
    public void What_is_no_reply_is_refused(string sent) => Assert.Throws<InvalidDataException>(() => RespReader.Length(Encoding.ASCII.GetBytes(sent)));

    [Fact]
    public void A_line_without_an_end_is_refused() =>
        Assert.Throws<InvalidDataException>(() => RespReader.Length(Encoding.ASCII.GetBytes("+" + new string('x', 100_000))));

    private static List<string> ReadAll(IEnumerable<string> pieces)
    {
        List<string> replies = [];
        byte[] received = [];
        foreach (var piece in pieces)
        {
            received = [.. received, .. Encoding.ASCII.GetBytes(piece)];
            while (RespReader.Length(received) is > 0 and var length)
            {
                replies.Add(Describe(new RespReader(received.AsSpan(0, length))));
                received = received[length..];
            }
        }

        Assert.Empty(received);
        return replies;
    }

    private static string Describe(RespReader reader)
    {
        List<string> values = [];
        while (reader.TryRead())
        {
            values.Add($"{(char)reader.Type}{(reader.IsNull ? "null" : reader.Type == RespType.Array ? $"{reader.Count}" : reader.ReadText())}");
        }

        return string.Join(' ', values);
    }
}
