using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Notifications.Testing.Clusters;
using Xunit;

namespace Notifications.Tests.Benchmarks;

/// <summary>A run of the benchmarks' program, as its users start it.</summary>
/// <param name="ExitCode">0: everything holds. 1: something does not. 2: the command line is wrong.</param>
/// <param name="Output">All that the program printed.</param>
internal sealed partial record BenchmarkProgram(int ExitCode, string Output)
{
    public const int Green = 0;
    public const int Red = 1;
    public const int Misused = 2;

    /// <summary>Runs without links between gateways and hubs.</summary>
    public static readonly IReadOnlyDictionary<string, string?> Plain = new Dictionary<string, string?> { ["Transport__Mode"] = "Plain" };

    /// <exception cref="TimeoutException">The program did not end within the limit. It and what it started are ended.</exception>
    public static async Task<BenchmarkProgram> RunAsync(TimeSpan limit, string command, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [Programs.Built("Notifications.Benchmarks"), .. command.Split(' ')])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (variable, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[variable] = value;
        }

        using var watchdog = new Watchdog();
        using var process = Process.Start(start)!;
        watchdog.Watch(process.Id);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var within = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(within.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"\"{command}\" took longer than {limit.TotalSeconds} s. It printed: {await output}{await errors}");
        }

        watchdog.Forget(process.Id);
        return new BenchmarkProgram(process.ExitCode, $"{await output}{await errors}");
    }

    /// <summary>The names that a command knows, from its refusal of one that it does not know.</summary>
    public static async Task<string[]> NamesAsync(string command)
    {
        var run = await RunAsync(TimeSpan.FromMinutes(1), $"{command} earthquake");
        Assert.Equal(Misused, run.ExitCode);
        return run.Output.Split("There are all, ")[1].Trim().TrimEnd('.').Split(", ");
    }

    /// <summary>The numbers of the first table that begins with the counts of the history checker.</summary>
    public Counts FirstCounts() => CountsRow().Match(Output) is { Success: true } row
        ? new Counts(Number(row, 1), Number(row, 2), Number(row, 3), Number(row, 4), Number(row, 5), Number(row, 6), Number(row, 7))
        : throw new InvalidOperationException($"There is no table of counts in: {Output}");

    private static long Number(Match row, int column) => long.Parse(row.Groups[column].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\| published \| delivered \| lost \| duplicated \| reordered \| phantom \| gaps announced .*\n.*\n\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|", RegexOptions.Multiline)]
    private static partial Regex CountsRow();

    internal sealed record Counts(long Published, long Delivered, long Lost, long Duplicated, long Reordered, long Phantom, long Gaps);
}
