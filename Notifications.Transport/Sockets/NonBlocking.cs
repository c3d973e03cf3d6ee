using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Notifications.Transport.Sockets;

/// <summary>
/// Sends as many bytes as a socket takes at once, and receives the bytes that are there. .NET's own calls either block the calling thread, or make every later
/// receive on the socket go through another thread. Linux only.
/// </summary>
internal static unsafe partial class NonBlocking
{
    private const int DontWait = 0x40;
    private const int More = 0x8000;
    private const int NoSignal = 0x4000;
    private const int WouldBlock = 11;
    private const int Interrupted = 4;

    /// <summary>Sends as many bytes as the socket takes now. If <paramref name="isMoreToCome"/>, the system may send them with the next ones.</summary>
    /// <returns>The number of bytes that were sent: 0 when the socket takes none now.</returns>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static int Send(Socket socket, ReadOnlySpan<byte> bytes, bool isMoreToCome = false)
    {
        while (true)
        {
            nint sent;
            fixed (byte* first = bytes)
            {
                sent = Send(socket.SafeHandle, first, bytes.Length, DontWait | NoSignal | (isMoreToCome ? More : 0));
            }

            if (sent >= 0)
            {
                return (int)sent;
            }

            if (HasNoneNow("send"))
            {
                return 0;
            }
        }
    }

    /// <returns>The number of bytes that were received: 0 at the end of the stream, -1 when there are none now.</returns>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static int Receive(Socket socket, Span<byte> room)
    {
        while (true)
        {
            nint received;
            fixed (byte* first = room)
            {
                received = Receive(socket.SafeHandle, first, room.Length, DontWait);
            }

            if (received >= 0)
            {
                return (int)received;
            }

            if (HasNoneNow("recv"))
            {
                return -1;
            }
        }
    }

    /// <returns>True when the socket is not ready. False when a signal interrupted the call, which has to be made again.</returns>
    private static bool HasNoneNow(string call) => Marshal.GetLastPInvokeError() switch
    {
        WouldBlock => true,
        Interrupted => false,
        var error => throw new SocketException((int)SocketError.ConnectionReset, $"{call} failed with errno {error}: {Marshal.GetPInvokeErrorMessage(error)}."),
    };

    /// <summary>send(2).</summary>
    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeHandle socket, byte* buffer, nint length, int flags);

    /// <summary>recv(2).</summary>
    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeHandle socket, byte* buffer, nint length, int flags);
}
