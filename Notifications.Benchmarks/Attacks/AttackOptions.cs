namespace Notifications.Benchmarks.Attacks;

internal sealed record AttackOptions
{
    /// <summary>The short form, as the tests have it.</summary>
    public bool Brief { get; init; }

    public static AttackOptions Read(Arguments arguments) => new() { Brief = arguments.Flag("brief") };
}
