using System.Buffers;
using System.Globalization;
using System.Text;

namespace Notifications.Hubs.Delivery;

/// <summary>Writes commands as a Redis server takes them: arrays of bulk strings (https://redis.io/docs/latest/develop/reference/protocol-spec/).</summary>
internal static class RespWriter
{
    /// <param name="to">Where to.</param>
    /// <param name="name">The command's.</param>
    /// <param name="arguments">What follows the name.</param>
    public static void WriteCommand(this IBufferWriter<byte> to, string name, params ReadOnlySpan<byte[]> arguments)
    {
        to.WriteHead('*', arguments.Length + 1);
        to.WriteString(Encoding.ASCII.GetBytes(name));
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

    private static void WriteHead(this IBufferWriter<byte> to, char type, int length) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{type}{length}\r\n"), to);
}
