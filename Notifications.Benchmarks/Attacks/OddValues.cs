using System.Text;

namespace Notifications.Benchmarks.Attacks;

/// <summary>
/// Values that parsers and encoders stumble over, as the bytes that stand for them in a message: strings that are no text, numbers of every size and form, nesting, and
/// lengths that are not those of what follows. Those that ever did harm stay here.
/// </summary>
internal static class OddValues
{
    private const int Deep = 2_000;

    public static IReadOnlyList<byte[]> Json { get; } =
    [
        // Strings. The first two ended every session between a gateway and a hub.
        Text("\"\\ud800\""),
        [.. "\""u8, 0xFF, 0xFE, .. "\""u8],
        Text("\"\\udc00\\ud800\""), Text("\"a\\ud83d\""), Text("\"\\u0000\""), Text("\"\\uFFFF\""), Text("\"\\u12\""), Text("\"\\x41\""), Text("\"\\\""), Text("\"\\/\\b\\f\""),
        Text("\"\u001f\""), Text("\"\0\""), Text("\"\r\n\""), Text("\"unfinished"), Text("'single'"), Text("\"\u2028\ufeff\""), Text($"\"{new string('x', 20_000)}\""),
        [.. "\""u8, 0xC0, 0x80, .. "\""u8], [.. "\""u8, 0xE0, 0x80, 0xAF, .. "\""u8], [.. "\""u8, 0xED, 0xA0, 0x80, .. "\""u8], [.. "\""u8, 0xF4, 0x90, 0x80, 0x80, .. "\""u8],
        [.. "\""u8, 0xE2, 0x82, .. "\""u8], [0xEF, 0xBB, 0xBF, .. "\"\""u8],

        // Numbers.
        .. new[]
        {
            "0", "-0", "-1", "7.0", "7.5", "7e0", "70e-1", "1e2", "1E400", "-1e999", "1e-999", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
            "-9223372036854775809", "18446744073709551616", "99999999999999999999999", "01", "+1", "1.", ".5", "0x10", "1_000", "NaN", "Infinity", "-Infinity", "-", "1e", new string('9', 5_000),
            $"1{new string('0', 2_000)}.0",
        }.Select(Text),

        // What is neither, and nesting.
        Text("null"), Text("true"), Text("{}"), Text("[]"), Text("nul"), Text(""), Text("[1,]"), Text("{\"epoch\":\"e\",\"epoch\":1,\"offset\":{}}"), Text("/* */1"),
        Text(new string('[', Deep)), Text(new string('[', Deep) + new string(']', Deep)), Text(string.Concat(Enumerable.Repeat("{\"a\":", Deep))),
    ];

    public static IReadOnlyList<byte[]> MessagePack { get; } =
    [
        // Strings: no UTF-8, and lengths that are not theirs.
        [0xA2, 0xFF, 0xFE], [0xA3, 0xED, 0xA0, 0x80], [0xA2, 0xC0, 0x80], [0xA1, 0x00], [0xA2, 0xE2, 0x82], [0xD9, 0x01, 0x80], [0xD9, 0xFF, 0x61], [0xDA, 0xFF, 0xFF, 0x61], [0xDB, 0xFF, 0xFF, 0xFF, 0xFF],
        [0xDB, 0x7F, 0xFF, 0xFF, 0xFF], [0xDB, 0x00, 0x00, 0x00, 0x00], [0xC4, 0x02, 0xFF, 0xFE], [0xC6, 0xFF, 0xFF, 0xFF, 0xFF],

        // Numbers of every size and form.
        [0x00], [0xFF], [0xCC, 0xFF], [0xCD, 0xFF, 0xFF], [0xCE, 0xFF, 0xFF, 0xFF, 0xFF], [0xCF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0xCF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        [0xD0, 0x80], [0xD3, 0x80, 0, 0, 0, 0, 0, 0, 0], [0xD3, 0x00], [0xCA, 0x7F, 0xC0, 0, 0], [0xCA, 0x40, 0xE0, 0, 0], [0xCB, 0x7F, 0xF8, 0, 0, 0, 0, 0, 0], [0xCB, 0x7F, 0xF0, 0, 0, 0, 0, 0, 0],
        [0xCB, 0x40, 0x1C, 0, 0, 0, 0, 0, 0], [0xCB, 0x7F, 0xEF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],

        // What is neither, and nesting.
        [0xC0], [0xC1], [0xC3], [0x80], [0x90], [0x81, 0xC0, 0xC0], [0xC7, 0x00, 0x05], [0xD4, 0xFF, 0x00], [0xD6, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0xDD, 0x7F, 0xFF, 0xFF, 0xFF], [0xDF, 0xFF, 0xFF, 0xFF, 0xFF], [],
        [.. Enumerable.Repeat((byte)0x91, Deep)], [.. Enumerable.Repeat((byte)0x91, Deep), 0xC0], [.. Enumerable.Repeat<byte[]>([0x81, 0xA1, 0x61], Deep).SelectMany(each => each)],
    ];

    /// <summary>A call of a hub method with arguments of which each is made of bytes.</summary>
    public static byte[] Call(string protocol, string target, params byte[][] arguments) => protocol == "json"
        ? [.. Text($$"""{"type":1,"target":"{{target}}","arguments":["""), .. arguments.SelectMany((argument, i) => i == 0 ? argument : [(byte)',', .. argument]), .. "]}\u001e"u8]
        : WithLength([0x95, 0x01, 0x80, 0xC0, (byte)(0xA0 | target.Length), .. Text(target), (byte)(0x90 | arguments.Length), .. arguments.SelectMany(argument => argument)]);

    /// <summary>A string that is one.</summary>
    public static byte[] Plain(string protocol, string text) => protocol == "json" ? Text($"\"{text}\"") : [0xD9, (byte)text.Length, .. Text(text)];

    /// <summary>All values of a protocol at each place of a call.</summary>
    public static IEnumerable<byte[]> Calls(string protocol)
    {
        var (stream, epoch, one) = (Plain(protocol, "topic:odd"), Plain(protocol, "e"), protocol == "json" ? Text("1") : [0x01]);
        foreach (var odd in protocol == "json" ? Json : MessagePack)
        {
            yield return Call(protocol, "Acknowledge", odd, epoch, one);
            yield return Call(protocol, "Acknowledge", stream, odd, one);
            yield return Call(protocol, "Acknowledge", stream, epoch, odd);
            yield return Call(protocol, "Subscribe", stream, odd);
        }
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] WithLength(byte[] body)
    {
        var length = new List<byte>();
        for (var left = body.Length; left > 0 || length.Count == 0; left >>= 7)
        {
            length.Add((byte)((left & 0x7F) | (left > 0x7F ? 0x80 : 0)));
        }

        return [.. length, .. body];
    }
}
