using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Notifications.Transport.Sockets;

/// <summary>The events of a socket that are awaited or that occurred. The values are the EPOLL constants of Linux.</summary>
[Flags]
internal enum SocketEvents : uint
{
    None = 0,
    Readable = 0x001,
    Writable = 0x004,
    Error = 0x008,
    HangUp = 0x010,
}

/// <summary>
/// Lets one thread wait until any of many sockets can be read or written (https://man7.org/linux/man-pages/man7/epoll.7.html). Linux only.
/// </summary>
internal sealed class Epoll : IDisposable
{
    private const int MaxEvents = 512;
    private const int CloseOnExec = 0x80000;
    private const int AddOperation = 1;
    private const int RemoveOperation = 2;
    private const int ChangeOperation = 3;
    private const int Interrupted = 4;
    private const int NanosecondsInSecond = 1_000_000_000;

    // struct epoll_event is packed on x86-64 and nowhere else.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventSize = DataOffset + 8;

    private readonly int _descriptor = Checked(Create(CloseOnExec), "epoll_create1");
    private readonly byte[] _events = new byte[MaxEvents * EventSize];

    public void Add(int socket, long id, SocketEvents events) => Control(AddOperation, socket, id, events);

    public void Change(int socket, long id, SocketEvents events) => Control(ChangeOperation, socket, id, events);

    public void Remove(int socket) => Control(RemoveOperation, socket, 0, SocketEvents.None);

    /// <summary>Waits until a socket is ready. Has no time limit.</summary>
    /// <returns>The number of ready sockets. <see cref="Id"/> and <see cref="Events"/> describe each of them. 0 when a signal interrupted the wait.</returns>
    public int Wait() => Counted(Wait(_descriptor, ref _events[0], MaxEvents, -1), "epoll_wait");

    /// <summary>Waits until a socket is ready, but no longer than <paramref name="nanoseconds"/>.</summary>
    /// <returns>The number of ready sockets: 0 when the time is over, or when a signal interrupted the wait.</returns>
    public int Wait(long nanoseconds)
    {
        var limit = new TimeSpec(nanoseconds / NanosecondsInSecond, nanoseconds % NanosecondsInSecond);
        return Counted(Wait(_descriptor, ref _events[0], MaxEvents, ref limit, 0), "epoll_pwait2");
    }

    public long Id(int index) => BinaryPrimitives.ReadInt64LittleEndian(_events.AsSpan(index * EventSize + DataOffset));

    public SocketEvents Events(int index) => (SocketEvents)BinaryPrimitives.ReadUInt32LittleEndian(_events.AsSpan(index * EventSize));

    public void Dispose() => _ = Close(_descriptor);

    private void Control(int operation, int socket, long id, SocketEvents events)
    {
        Span<byte> what = stackalloc byte[EventSize];
        BinaryPrimitives.WriteUInt32LittleEndian(what, (uint)events);
        BinaryPrimitives.WriteInt64LittleEndian(what[DataOffset..], id);
        Checked(Control(_descriptor, operation, socket, ref MemoryMarshal.GetReference(what)), "epoll_ctl");
    }

    private static int Counted(int count, string call) =>
        count < 0 && Marshal.GetLastPInvokeError() == Interrupted ? 0 : Checked(count, call);

    private static int Checked(int result, string call)
    {
        if (result >= 0)
        {
            return result;
        }

        var error = Marshal.GetLastPInvokeError();
        throw new Win32Exception(error, $"{call}: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);

    [DllImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static extern int Create(int flags);

    [DllImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static extern int Control(int epoll, int operation, int socket, ref byte what);

    [DllImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static extern int Wait(int epoll, ref byte events, int max, int milliseconds);

    [DllImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    private static extern int Wait(int epoll, ref byte events, int max, ref TimeSpec timeout, nint signals);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
