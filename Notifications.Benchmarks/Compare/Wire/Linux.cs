using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;

namespace Notifications.Benchmarks.Compare.Wire;

/// <summary>
/// The few calls of Linux that a client costs. .NET's sockets would do, but their engine hands every readiness to another thread, and
/// on the two cores that it shares with what it measures the driver has to be cheaper than that.
/// </summary>
internal static class Linux
{
    public const int Again = 11;
    public const int InProgress = 115;
    public const int Interrupted = 4;
    public const int BrokenPipe = 32;
    public const int Reset = 104;

    private const int Inet = 2;
    private const int Stream = 1;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int Tcp = 6;
    private const int NoDelay = 1;
    private const int NoSignal = 0x4000;
    private const int SetPipeSize = 1031;
    private const int AddressLength = 16;

    /// <summary>A TCP socket that never blocks and sends at once.</summary>
    public static int Socket()
    {
        var socket = Checked(CreateSocket(Inet, Stream | NonBlocking | CloseOnExec, 0), "socket");
        var on = 1;
        Checked(SetOption(socket, Tcp, NoDelay, ref on, sizeof(int)), "setsockopt");
        return socket;
    }

    /// <summary>Begins to connect; the socket becomes writable when it has.</summary>
    public static void Connect(int socket, IPEndPoint endPoint)
    {
        // struct sockaddr_in: family, port and address in network order, padding.
        Span<byte> address = stackalloc byte[AddressLength];
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, Inet);
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)endPoint.Port);
        endPoint.Address.TryWriteBytes(address[4..], out _);
        if (Connect(socket, ref MemoryMarshal.GetReference(address), AddressLength) != 0 && Marshal.GetLastPInvokeError() != InProgress)
        {
            throw Failure("connect");
        }
    }

    /// <returns>How many bytes came: 0 at the end, -1 if there are none now.</returns>
    public static int Receive(int socket, Span<byte> buffer) =>
        Transferred(Receive(socket, ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length, 0), "recv");

    /// <returns>
    /// How many bytes were taken, -1 if none can be now. All of them if the other side is gone: who reads the socket finds out, and
    /// before that whatever the other side still had to say.
    /// </returns>
    public static int Send(int socket, ReadOnlySpan<byte> bytes)
    {
        var count = Send(socket, ref MemoryMarshal.GetReference(bytes), (nuint)bytes.Length, NoSignal);
        return count < 0 && Marshal.GetLastPInvokeError() is BrokenPipe or Reset ? bytes.Length : Transferred(count, "send");
    }

    /// <summary>How much may lie in a pipe before who writes has to wait (https://man7.org/linux/man-pages/man2/fcntl.2.html).</summary>
    public static void ResizePipe(SafeHandle pipe, int bytes) => Checked(Control(pipe, SetPipeSize, bytes), "fcntl");

    public static int Checked(int result, string call) => result >= 0 ? result : throw Failure(call);

    public static Win32Exception Failure(string call)
    {
        var error = Marshal.GetLastPInvokeError();
        return new Win32Exception(error, $"{call}: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    [DllImport("libc", EntryPoint = "close")]
    public static extern int Close(int descriptor);

    private static int Transferred(nint count, string call) => count >= 0
        ? (int)count
        : Marshal.GetLastPInvokeError() is Again or Interrupted ? -1 : throw Failure(call);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static extern int Control(SafeHandle descriptor, int command, int argument);

    [DllImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static extern int CreateSocket(int domain, int type, int protocol);

    [DllImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static extern int SetOption(int socket, int level, int option, ref int value, int length);

    [DllImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static extern int Connect(int socket, ref byte address, int length);

    [DllImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static extern nint Receive(int socket, ref byte buffer, nuint length, int flags);

    [DllImport("libc", EntryPoint = "send", SetLastError = true)]
    private static extern nint Send(int socket, ref byte buffer, nuint length, int flags);
}
