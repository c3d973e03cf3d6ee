using System.Globalization;
using System.Text;
using Notifications.Benchmarks.Compare.Scenarios;
using Notifications.Benchmarks.Compare.Systems;

namespace Notifications.Benchmarks.Compare;

/// <summary>
/// All results of a comparison. Each cell is least / median / most of the turns; a ratio is the median of the turns' own ratios to the
/// usual stack, so that a slow minute of the machine counts for both.
/// </summary>
internal sealed class ResultTable
{
    private readonly List<(Scenario Scenario, SystemKind System, ScenarioResult Result)> _results = [];

    public IEnumerable<ScenarioResult> All => _results.Select(each => each.Result);

    /// <summary>Nothing was lost, duplicated or made up by anybody.</summary>
    public bool IsGreen => _results.TrueForAll(each => each.Result.Verdict.IsGreen);

    public void Add(Scenario scenario, SystemKind system, ScenarioResult result) => _results.Add((scenario, system, result));

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        foreach (var scenario in _results.Select(each => each.Scenario).Distinct())
        {
            Write(text, scenario);
        }

        return text.ToString();
    }

    public static string Number(double value) => value.ToString(Math.Abs(value) switch { >= 1000 => "N0", >= 100 => "0", >= 10 => "0.0", _ => "0.00" }, CultureInfo.InvariantCulture);

    private void Write(StringBuilder text, Scenario scenario)
    {
        SystemKind[] systems = [.. SystemKind.All.Where(system => Results(scenario, system).Count > 0)];
        text.AppendLine(CultureInfo.InvariantCulture, $"\n### {scenario.Title} (`{scenario.Name}`)\n");
        text.AppendLine($"| | {string.Join(" | ", systems.Select(system => Compares(system, systems) ? $"{system.Title} | ratio" : system.Title))} |");
        text.AppendLine($"|---|{string.Concat(systems.Select(system => Compares(system, systems) ? "---:|---:|" : "---:|"))}");
        foreach (var name in systems.SelectMany(system => Results(scenario, system)).SelectMany(result => result.Figures).Select(figure => figure.Name).Distinct())
        {
            text.AppendLine($"| {name} | {string.Join(" | ", systems.Select(system => Cell(scenario, system, systems, name)))} |");
        }

        text.AppendLine($"| share of the machine for others | {string.Join(" | ", systems.Select(system => Range([.. Results(scenario, system).Select(result => result.Cpu.Others * 100)]) + " %" + (Compares(system, systems) ? " |" : "")))} |");
        text.AppendLine($"| delivered, lost, duplicated, reordered | {string.Join(" | ", systems.Select(system => Counts(scenario, system) + (Compares(system, systems) ? " |" : "")))} |");
    }

    private string Cell(Scenario scenario, SystemKind system, SystemKind[] systems, string name)
    {
        var values = Values(scenario, system, name);
        var range = Range(values);
        if (!Compares(system, systems))
        {
            return range;
        }

        var usual = Values(scenario, SystemKind.SocketIo, name);
        // Too little for the kernel to count is nothing to divide by.
        double[] ratios = [.. values.Zip(usual).Where(pair => pair.Second > 0).Select(pair => pair.First / pair.Second)];
        return ratios.Length == 0 ? $"{range} | " : $"{range} | {Median(ratios).ToString("0.00", CultureInfo.InvariantCulture)}";
    }

    private string Counts(Scenario scenario, SystemKind system)
    {
        var verdicts = Results(scenario, system).Select(result => result.Verdict).ToList();
        var isVoid = verdicts.Exists(verdict => !verdict.IsGreen) ? "**void**: " : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{isVoid}{verdicts.Sum(verdict => verdict.Delivered):N0}, {verdicts.Sum(verdict => verdict.Lost)}, {verdicts.Sum(verdict => verdict.Duplicated)}, {verdicts.Sum(verdict => verdict.Reordered)}");
    }

    private static bool Compares(SystemKind system, SystemKind[] systems) => system != SystemKind.SocketIo && systems.Contains(SystemKind.SocketIo);

    private List<ScenarioResult> Results(Scenario scenario, SystemKind system) =>
        [.. _results.Where(each => each.Scenario == scenario && each.System == system).Select(each => each.Result)];

    private List<double> Values(Scenario scenario, SystemKind system, string name) =>
        [.. Results(scenario, system).SelectMany(result => result.Figures).Where(figure => figure.Name == name).Select(figure => figure.Value)];

    /// <summary>Least / median / most.</summary>
    private static string Range(List<double> values) =>
        values.Count == 0 ? "" : $"{Number(values.Min())} / {Number(Median(values))} / {Number(values.Max())}";

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
