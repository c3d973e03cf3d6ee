using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Notifications.Transport.Sockets;

/// <summary>
/// Sends what a socket takes at once, and receives what is there. .NET's own calls either wait in the calling thread, or make the socket one on which every later
/// receive goes by way of another thread. Linux only.
/// </summary>
internal static unsafe partial class NonBlocking
{
    private const int DontWait = 0x40;
    private const int More = 0x8000;
    private const int NoSignal = 0x4000;
    private const int WouldBlock = 11;
    private const int Interrupted = 4;

    /// <param name="socket">Over which.</param>
    /// <param name="bytes">As many of these as it takes.</param>
    /// <param name="isMoreToCome">What belongs to it is sent right after.</param>
    /// <returns>How many bytes it took: 0 if it can take none just now.</returns>
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

    /// <returns>How many bytes came: 0 at the end, -1 if there are none now.</returns>
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

    /// <returns>False: the call was interrupted and is to be made again.</returns>
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
