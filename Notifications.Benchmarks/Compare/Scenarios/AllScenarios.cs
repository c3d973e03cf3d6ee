namespace Notifications.Benchmarks.Compare.Scenarios;

internal static class AllScenarios
{
    /// <exception cref="ArgumentException">There is none of such a name.</exception>
    public static IReadOnlyList<Scenario> Chosen(CompareOptions options)
    {
        IReadOnlyList<Scenario> all = [new ClosedLoop(options.Window), new OpenLoop(1_000), new OpenLoop(10_000)];
        return options.Scenarios.Count == 0 ? all : [.. options.Scenarios.Select(name => all.FirstOrDefault(scenario => scenario.Name == name)
            ?? throw new ArgumentException($"There is no scenario \"{name}\". There are {string.Join(", ", all.Select(scenario => scenario.Name))}."))];
    }
}
