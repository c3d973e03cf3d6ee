using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Notifications.Benchmarks.Micro;

/// <summary>
/// The single steps on a notification's way, by BenchmarkDotNet. In this process: a process of its own for each would have the whole
/// solution built again.
/// </summary>
internal static class MicroRun
{
    private static readonly IReadOnlyList<Type> All = [typeof(FrameBenchmarks), typeof(PublishBenchmarks)];

    /// <param name="filter">A part of the names of those that are wanted; null: all.</param>
    /// <exception cref="ArgumentException">None has such a name.</exception>
    public static void Run(string? filter)
    {
        Type[] chosen = [.. All.Where(type => filter is null || type.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))];
        if (chosen.Length == 0)
        {
            throw new ArgumentException($"No micro benchmark has \"{filter}\" in its name. There are {string.Join(", ", All.Select(type => type.Name))}.");
        }

        var config = ManualConfig.CreateEmpty()
            .AddLogger(ConsoleLogger.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "notifications-micro"));
        foreach (var type in chosen)
        {
            BenchmarkRunner.Run(type, config);
        }
    }
}
