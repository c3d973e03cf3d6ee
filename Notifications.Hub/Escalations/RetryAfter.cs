namespace Notifications.Hubs.Escalations;

internal static class RetryAfter
{
    /// <returns>How long the provider asks to wait; zero: it did not say.</returns>
    public static TimeSpan Of(HttpResponseMessage response, DateTimeOffset now) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > now => date - now,
        _ => TimeSpan.Zero,
    };
}
