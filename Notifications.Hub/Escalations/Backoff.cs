namespace Notifications.Hubs.Escalations;

internal static class Backoff
{
    /// <summary>Anything between nothing and the delay that doubles with each try: those who failed together come back apart.</summary>
    public static TimeSpan FullJitter(EscalationOptions options, int tries)
    {
        var longest = Math.Min(options.MaxRetryDelay.TotalSeconds, options.RetryDelay.TotalSeconds * Math.Pow(2, tries));
        return TimeSpan.FromSeconds(longest * Random.Shared.NextDouble());
    }
}
