using System.Globalization;
using System.Security.Claims;

namespace Notifications.Hubs.Tokens;

/// <summary>The times that a checked token says of itself.</summary>
internal static class TokenTimes
{
    /// <summary>No token is told to live longer; times beyond are as good as never.</summary>
    private static readonly double Last = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    public static DateTimeOffset? IssuedAt(ClaimsPrincipal? user) => Of(user, TokenNames.IssuedAtClaim);

    public static DateTimeOffset? Expiry(ClaimsPrincipal? user) => Of(user, TokenNames.ExpiryClaim);

    /// <summary>RFC 7519 allows seconds with a fraction.</summary>
    private static DateTimeOffset? Of(ClaimsPrincipal? user, string claim) =>
        double.TryParse(user?.FindFirst(claim)?.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds >= 0
            ? DateTimeOffset.FromUnixTimeSeconds((long)Math.Min(seconds, Last))
            : null;
}
