using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Notifications.Benchmarks.Compare.Wire;

/// <summary>Which of many sockets can be read (https://man7.org/linux/man-pages/man7/epoll.7.html), for one thread.</summary>
internal sealed class Epoll : IDisposable
{
    private const int MaxEvents = 512;
    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Modify = 3;
    private const uint Readable = 0x001;
    private const uint Writable = 0x004;
    private const int NanosecondsInSecond = 1_000_000_000;

    // struct epoll_event is packed on x86-64 and nowhere else.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventSize = DataOffset + 8;

    private readonly int _descriptor = Linux.Checked(Create(CloseOnExec), "epoll_create1");
    private readonly byte[] _events = new byte[MaxEvents * EventSize];

    /// <summary>Tells once the socket is connected, or can't be, by <paramref name="id"/>.</summary>
    public void WatchConnect(int socket, int id) => Control(Add, socket, id, Writable);

    /// <summary>From now on tells whenever there is something to read, or the end.</summary>
    public void WatchRead(int socket, int id) => Control(Modify, socket, id, Readable);

    /// <returns>How many are ready; <see cref="Id"/> has them.</returns>
    public int Wait(long nanoseconds)
    {
        var limit = new TimeSpec(nanoseconds / NanosecondsInSecond, nanoseconds % NanosecondsInSecond);
        var count = Wait(_descriptor, ref _events[0], MaxEvents, ref limit, 0);
        return count >= 0 ? count : Marshal.GetLastPInvokeError() == Linux.Interrupted ? 0 : throw Linux.Failure("epoll_pwait2");
    }

    public int Id(int index) => BinaryPrimitives.ReadInt32LittleEndian(_events.AsSpan(index * EventSize + DataOffset));

    public void Dispose() => _ = Linux.Close(_descriptor);

    private void Control(int operation, int socket, int id, uint events)
    {
        Span<byte> what = stackalloc byte[EventSize];
        BinaryPrimitives.WriteUInt32LittleEndian(what, events);
        BinaryPrimitives.WriteInt64LittleEndian(what[DataOffset..], id);
        Linux.Checked(Control(_descriptor, operation, socket, ref MemoryMarshal.GetReference(what)), "epoll_ctl");
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);

    [DllImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static extern int Create(int flags);

    [DllImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static extern int Control(int epoll, int operation, int socket, ref byte what);

    [DllImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    private static extern int Wait(int epoll, ref byte events, int max, ref TimeSpec timeout, nint signals);
}
