using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using Notifications.Benchmarks.Compare.Wire;

namespace Notifications.Benchmarks.Compare.Publishing;

/// <summary>Where an order went, as its publisher was told.</summary>
internal readonly record struct Published(int Number, string Epoch, long Offset);

/// <summary>The process that publishes for a compared system. It ends with its standard input.</summary>
internal sealed class PublisherProcess : IDisposable
{
    private const int PipeSize = 1024 * 1024;
    private const int BufferSize = 1024 * Order.Size;

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly bool _tellsPositions;

    private PublisherProcess(Process process, bool tellsPositions)
    {
        (_process, _tellsPositions) = (process, tellsPositions);
        Orders = new BufferedStream(process.StandardInput.BaseStream, BufferSize);
        // A publisher that falls behind must not stop the clients, who write to it between two reads.
        if (process.StandardInput.BaseStream is PipeStream pipe)
        {
            Linux.ResizePipe(pipe.SafePipeHandle, PipeSize);
        }
    }

    public int Id => _process.Id;

    /// <summary>Takes orders, those of one round of the clients at once.</summary>
    public Stream Orders { get; }

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

    /// <summary>Waits until everything that was ordered is published.</summary>
    /// <returns>How many since the last time, and where each went if this system has such places.</returns>
    public (int Count, IReadOnlyList<Published> Places) Settle()
    {
        new Order(Order.Settle, 0, 0).WriteTo(Orders);
        Orders.Flush();
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
