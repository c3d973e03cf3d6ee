using System.Buffers.Text;
using System.Text;
using Notifications.Benchmarks.Compare.Wire;

namespace Notifications.Benchmarks.Compare.Protocols;

/// <param name="Connection">Which client got it.</param>
/// <param name="Number">Of the message.</param>
/// <param name="Offset">In its stream; 0 where a system has none.</param>
/// <param name="Epoch">Of the stream, as an index into <see cref="Arrivals.Epochs"/>; -1 where a system has none.</param>
/// <param name="Latency">From the time for which it was meant to be sent, in nanoseconds.</param>
internal readonly record struct Arrival(int Connection, int Number, int Offset, int Epoch, long Latency);

/// <summary>What came, in the order in which it came, kept small so that keeping it costs the run little.</summary>
internal sealed class Arrivals
{
    private readonly List<Arrival> _all = new(1 << 21);
    private readonly List<string> _epochs = [];

    /// <summary>Called for each, after it was noted.</summary>
    public Action<Arrival>? OnArrival { get; set; }

    public IReadOnlyList<Arrival> All => _all;

    public int Count => _all.Count;

    public IReadOnlyList<string> Epochs => _epochs;

    public void Clear() => _all.Clear();

    /// <summary>A message that holds a payload as <see cref="Publishing.Payload"/> writes it.</summary>
    public void Add(int connection, ReadOnlySpan<byte> message, int offset = 0, int epoch = -1)
    {
        var number = (int)NumberAfter(message, "\"n\":"u8);
        var sent = NumberAfter(message, "\"t\":"u8);
        var arrival = new Arrival(connection, number, offset, epoch, Clock.Now - sent);
        _all.Add(arrival);
        OnArrival?.Invoke(arrival);
    }

    /// <returns>Its index. The same one may be added by several clients.</returns>
    public int AddEpoch(string epoch)
    {
        _epochs.Add(epoch);
        return _epochs.Count - 1;
    }

    /// <exception cref="InvalidDataException">There is no such number in the message.</exception>
    public static long NumberAfter(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name)
    {
        var at = message.IndexOf(name);
        return at >= 0 && Utf8Parser.TryParse(message[(at + name.Length)..], out long number, out _)
            ? number
            : throw new InvalidDataException($"A message has no number {Encoding.ASCII.GetString(name)} \"{Encoding.UTF8.GetString(message)}\"");
    }
}
