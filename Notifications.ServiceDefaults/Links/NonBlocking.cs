using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Notifications.Links;

/// <summary>
/// Sends what a socket takes at once. .NET's own calls either wait in the calling thread, or make the socket one on which every later
/// receive goes by way of another thread.
/// </summary>
internal static unsafe partial class NonBlocking
{
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int WouldBlock = 11;
    private const int Interrupted = 4;

    /// <returns>How many bytes it took: 0 if it can take none just now, and always where the system is not Linux.</returns>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static int Send(Socket socket, ReadOnlySpan<byte> bytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        while (true)
        {
            nint sent;
            fixed (byte* first = bytes)
            {
                sent = Send(socket.SafeHandle, first, bytes.Length, DontWait | NoSignal);
            }

            if (sent >= 0)
            {
                return (int)sent;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case WouldBlock:
                    return 0;
                case Interrupted:
                    continue;
                case var error:
                    throw new SocketException((int)SocketError.ConnectionReset, $"send failed with errno {error}: {Marshal.GetPInvokeErrorMessage(error)}.");
            }
        }
    }

    /// <summary>send(2).</summary>
    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeHandle socket, byte* buffer, nint length, int flags);
}
