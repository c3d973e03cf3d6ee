using System.Diagnostics;
using System.Globalization;
using Notifications.Benchmarks.Compare.Scenarios;
using Notifications.Benchmarks.Compare.Systems;
using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks.Compare;

/// <summary>The compared systems one after the other, in turn, each under the same loads.</summary>
internal sealed class CompareRun(CompareOptions options, TextWriter output, CancellationToken cancellationToken)
{
    private const int ConnectsInFlight = 50;

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly IReadOnlyList<Scenario> _scenarios = AllScenarios.Chosen(options);
    private readonly ResultTable _results = new();

    public static async Task<ResultTable> RunAsync(CompareOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        var run = new CompareRun(options, output, cancellationToken);
        await run.PrepareAsync();
        // A thread of its own, which the clients keep until the end.
        await Task.Factory.StartNew(run.RunAll, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var report = await run.ReportAsync();
        output.WriteLine();
        output.WriteLine(report);
        if (options.Out is { } file)
        {
            await File.WriteAllTextAsync(file, report, cancellationToken);
        }

        return run._results;
    }

    private async Task PrepareAsync()
    {
        if (!options.Systems.Any(system => system.IsOnNode))
        {
            return;
        }

        _ = Nginx.Program;
        await NodePeers.InstallAsync(output);
    }

    private void RunAll()
    {
        for (var turn = 1; turn <= options.Pairs; turn++)
        {
            foreach (var system in options.Systems)
            {
                Run(turn, system, [.. _scenarios.Where(scenario => scenario.SharesUsers)]);
                foreach (var scenario in _scenarios.Where(scenario => !scenario.SharesUsers && (!scenario.IsOursOnly || system == SystemKind.Ours)))
                {
                    Run(turn, system, [scenario]);
                }
            }
        }
    }

    private void Run(int turn, SystemKind system, IReadOnlyList<Scenario> scenarios)
    {
        if (scenarios.Count == 0)
        {
            return;
        }

        Say($"{turn}/{options.Pairs} {system.Name}: starting");
        var systemOptions = scenarios.Aggregate(options.System, (all, scenario) => scenario.Adapt(all));
        var session = CompareSession.StartAsync(system, systemOptions, options.DropOneIn, cancellationToken).GetAwaiter().GetResult();
        if (options.Progress)
        {
            session.Clients.EachSecond = () => Say($"{turn}/{options.Pairs} {system.Name}: {session.Clients.Ready:N0} connected, {session.Arrivals.Count:N0} delivered");
        }

        try
        {
            if (scenarios[0].SharesUsers)
            {
                session.Connect(Enumerable.Range(0, UserLoad.Users), ConnectsInFlight);
                new ClosedLoop(options.Window).Run(session, new LoadTimes(TimeSpan.Zero, TimeSpan.Zero, options.Times.WarmUp));
            }

            var isGreen = true;
            foreach (var scenario in scenarios)
            {
                var result = scenario.Run(session, options.Times);
                _results.Add(scenario, system, result);
                Say(turn, system, scenario, result);
                isGreen &= result.Verdict.IsGreen;
            }

            session.System.KeepsLogs = !isGreen;
        }
        finally
        {
            if (session.System.KeepsLogs)
            {
                Say($"{system.Name} logged to {session.System.LogDirectory}, which is kept.");
            }

            session.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private void Say(int turn, SystemKind system, Scenario scenario, ScenarioResult result)
    {
        var figures = string.Join(", ", result.Figures.Select(figure => $"{figure.Name} {ResultTable.Number(figure.Value)}"));
        var verdict = result.Verdict.IsGreen ? "" : " VOID:";
        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{turn}/{options.Pairs} {system.Name} {scenario.Name}:{verdict} {figures}; {result.Verdict.Delivered:N0} delivered, {result.Verdict.Lost} lost, {result.Verdict.Duplicated} duplicated, {result.Verdict.Reordered} reordered; {result.Cpu.Others:P0} of the machine for others{Foremost(result)}"));
        foreach (var example in result.Verdict.Examples)
        {
            output.WriteLine($"        {example}");
        }
    }

    private void Say(string line) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_watch.Elapsed.TotalSeconds,4:0} s  {line}"));

    /// <summary>The programs that took more than a hundredth of the machine from the run.</summary>
    private static string Foremost(ScenarioResult result)
    {
        var foremost = result.Cpu.OtherProcesses.Where(process => result.Cpu.Share(process.Cpu) > 0.01).Select(process => process.Name).Take(3).ToList();
        return foremost.Count == 0 ? "" : $" ({string.Join(", ", foremost)})";
    }

    private async Task<string> ReportAsync() => $"{await Surroundings.DescribeAsync(options)}\n{_results.ToMarkdown()}";
}
