using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Notifications.Hubs.Delivery;

/// <summary>Writes commands as a Redis server takes them: arrays of bulk strings (https://redis.io/docs/latest/develop/reference/protocol-spec/).</summary>
internal static class RespWriter
{
    /// <summary>In bytes. There is room for the type, the digits of any length, and the end of the line.</summary>
    private const int MaxHead = 16;

    public static void WriteCommand(this IBufferWriter<byte> to, string name, params ReadOnlySpan<byte[]> arguments)
    {
        to.WriteHead('*', arguments.Length + 1);
        to.WriteString(Encoding.UTF8.GetBytes(name));
        foreach (var argument in arguments)
        {
            to.WriteString(argument);
        }
    }

    private static void WriteString(this IBufferWriter<byte> to, byte[] text)
    {
        to.WriteHead('$', text.Length);
        to.Write(text);
        to.Write("\r\n"u8);
    }

    private static void WriteHead(this IBufferWriter<byte> to, char type, int length)
    {
        Utf8.TryWrite(to.GetSpan(MaxHead), $"{type}{length}\r\n", out var written);
        to.Advance(written);
    }
}
