namespace Notifications.Hubs.Escalations;

internal static class Backoff
{
    /// <summary>A random delay between zero and a bound that doubles with each try. So sends that failed together are not tried again together.</summary>
    public static TimeSpan FullJitter(EscalationOptions options, int tries)
    {
        var longest = Math.Min(options.MaxRetryDelay.TotalSeconds, options.RetryDelay.TotalSeconds * Math.Pow(2, tries));
        return TimeSpan.FromSeconds(longest * Random.Shared.NextDouble());
    }
}
