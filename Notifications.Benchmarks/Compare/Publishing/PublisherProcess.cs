using System.Diagnostics;
using System.Globalization;

namespace Notifications.Benchmarks.Compare.Publishing;

/// <summary>Where an order went, as its publisher was told.</summary>
internal readonly record struct Published(int Number, string Epoch, long Offset);

/// <summary>The process that publishes for a compared system. It ends with its standard input.</summary>
internal sealed class PublisherProcess : IDisposable
{
    private const int MaxBuffered = 1024;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly Stream _orders;
    private readonly bool _tellsPositions;
    private readonly byte[] _buffer = new byte[MaxBuffered * Order.Size];
    private int _buffered;

    private PublisherProcess(Process process, bool tellsPositions)
    {
        (_process, _tellsPositions) = (process, tellsPositions);
        _orders = process.StandardInput.BaseStream;
    }

    public int Id => _process.Id;

    /// <summary>Returns when it is connected to its Redis.</summary>
    public static async Task<PublisherProcess> StartAsync(ProcessStartInfo start, bool tellsPositions, CancellationToken cancellationToken)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        var process = Process.Start(start)!;
        var publisher = new PublisherProcess(process, tellsPositions);
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(cancellationToken);
            return line == PublisherProgram.Ready
                ? publisher
                : throw new InvalidOperationException($"The publisher {start.FileName} {string.Join(' ', start.ArgumentList)} did not start: \"{line}\".");
        }
        catch
        {
            publisher.Dispose();
            throw;
        }
    }

    /// <summary>Goes out with the next <see cref="Flush"/>.</summary>
    public void Send(Order order)
    {
        order.Write(_buffer.AsSpan(_buffered));
        _buffered += Order.Size;
        if (_buffered == _buffer.Length)
        {
            Flush();
        }
    }

    public void Flush()
    {
        if (_buffered > 0)
        {
            _orders.Write(_buffer, 0, _buffered);
            _orders.Flush();
            _buffered = 0;
        }
    }

    /// <summary>Waits until everything that was ordered is published.</summary>
    /// <returns>How many since the last time, and where each went if this system has such places.</returns>
    public (int Count, IReadOnlyList<Published> Places) Settle()
    {
        Send(new Order(Order.Settle, 0, 0));
        Flush();
        var words = Line().Split(' ');
        var count = words is [PublisherProgram.Settled, var number]
            ? int.Parse(number, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"The publisher said \"{string.Join(' ', words)}\" where it had to say how much it published.");
        return (count, _tellsPositions ? [.. Enumerable.Range(0, count).Select(_ => Place(Line().Split(' ')))] : []);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(StopLimit))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private string Line() =>
        _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The publisher ended in the middle of the run; its error stands above.");

    private static Published Place(string[] words) =>
        new(int.Parse(words[0], CultureInfo.InvariantCulture), words[2], long.Parse(words[1], CultureInfo.InvariantCulture));
}
