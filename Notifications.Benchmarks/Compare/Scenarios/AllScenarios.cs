namespace Notifications.Benchmarks.Compare.Scenarios;

internal static class AllScenarios
{
    /// <exception cref="ArgumentException">There is none of such a name.</exception>
    public static IReadOnlyList<Scenario> Chosen(CompareOptions options)
    {
        IReadOnlyList<Scenario> all = 
        [
            new ClosedLoop(options.Window), new OpenLoop(1_000), new OpenLoop(10_000),
            new Topic(),
            new Connects(5_000, IsStraight: false), new Connects(9_000, IsStraight: false), new Connects(10_000, IsStraight: true),
            new Return(),
        ];
        return options.Scenarios.Count == 0 ? all : [.. options.Scenarios.Select(name => all.FirstOrDefault(scenario => scenario.Name == name)
            ?? throw new ArgumentException($"There is no scenario \"{name}\". There are {string.Join(", ", all.Select(scenario => scenario.Name))}."))];
    }
}
