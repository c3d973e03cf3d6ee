using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Notifications.Hubs.Delivery;

/// <summary>Writes commands as a Redis server takes them: arrays of bulk strings (https://redis.io/docs/latest/develop/reference/protocol-spec/).</summary>
internal static class RespWriter
{
    /// <summary>In bytes. There is room for the type, the digits of any length, and the end of the line.</summary>
    private const int MaxHead = 16;

    /// <param name="to">The buffer.</param>
    /// <param name="name">The name of the command.</param>
    /// <param name="arguments">The arguments that follow the name.</param>
    public static void WriteCommand(this IBufferWriter<byte> to, string name, params ReadOnlySpan<byte[]> arguments)
    {
        to.WriteHead((byte)'*', arguments.Length + 1);
        to.WriteString(name);
        foreach (var argument in arguments)
        {
            to.WriteString(argument);
        }
    }

    /// <summary>Writes the command that logs in, if there is a password. HELLO would log in too, but not every server has it.</summary>
    /// <param name="to">The buffer.</param>
    /// <param name="user">Null or empty: the default user.</param>
    /// <param name="password">Null or empty: Redis needs none.</param>
    /// <returns>False: nothing was written.</returns>
    public static bool TryWriteLogIn(this IBufferWriter<byte> to, string? user, string? password)
    {
        if (string.IsNullOrEmpty(password))
        {
            return false;
        }

        to.WriteCommand("AUTH", string.IsNullOrEmpty(user) ? [Encoding.UTF8.GetBytes(password)] : [Encoding.UTF8.GetBytes(user), Encoding.UTF8.GetBytes(password)]);
        return true;
    }

    /// <summary>Writes the command that names the connection in Redis's list. The connection does its work without a name too.</summary>
    public static void WriteClientName(this IBufferWriter<byte> to, string name) =>
        to.WriteCommand("CLIENT", "SETNAME"u8.ToArray(), Encoding.UTF8.GetBytes(name));

    private static void WriteString(this IBufferWriter<byte> to, ReadOnlySpan<byte> text)
    {
        to.WriteHead((byte)'$', text.Length);
        to.Write(text);
        to.Write("\r\n"u8);
    }

    private static void WriteString(this IBufferWriter<byte> to, string text)
    {
        to.WriteHead((byte)'$', Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, to);
        to.Write("\r\n"u8);
    }

    private static void WriteHead(this IBufferWriter<byte> to, byte type, int length)
    {
        var head = to.GetSpan(MaxHead);
        head[0] = type;
        Utf8Formatter.TryFormat(length, head[1..], out var digits);
        "\r\n"u8.CopyTo(head[(digits + 1)..]);
        to.Advance(digits + 3);
    }
}
