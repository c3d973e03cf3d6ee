using System.Globalization;
using Notifications.Benchmarks.Compare.Scenarios;

namespace Notifications.Benchmarks.Scale;

/// <summary>How many hubs share the same load. The defaults are those of the run that docs/performance.md reports.</summary>
internal sealed record ScaleOptions
{
    /// <summary>What the others are compared with.</summary>
    public const int Reference = 3;

    public IReadOnlyList<int> Hubs { get; init; } = [1, Reference, 10, 25, 50];

    /// <summary>Messages in a second to all users together.</summary>
    public int Rate { get; init; } = 1_000;

    public int Users { get; init; } = 1_000;

    public LoadTimes Times { get; init; } = new(WarmUp: TimeSpan.FromSeconds(20), LeadIn: TimeSpan.FromSeconds(1), Measured: TimeSpan.FromSeconds(10));

    public static ScaleOptions Read(Arguments arguments)
    {
        var standard = new ScaleOptions();
        return new ScaleOptions
        {
            Hubs = arguments.Text("hubs") is { } hubs ? [.. hubs.Split(',').Select(Count)] : standard.Hubs,
            Rate = arguments.Number("rate", standard.Rate, least: 1),
            Users = arguments.Number("users", standard.Users, least: 1),
            Times = standard.Times with
            {
                WarmUp = TimeSpan.FromSeconds(arguments.Number("warm-up", (int)standard.Times.WarmUp.TotalSeconds)),
                Measured = TimeSpan.FromSeconds(arguments.Number("seconds", (int)standard.Times.Measured.TotalSeconds, least: 1)),
            },
        };
    }

    private static int Count(string number) => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
        ? count
        : throw new ArgumentException($"--hubs has \"{number}\" and takes whole numbers from 1 up with commas between, such as 1,3,10.");
}
