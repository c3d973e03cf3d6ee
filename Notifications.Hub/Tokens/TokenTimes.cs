using System.Globalization;
using System.Security.Claims;

namespace Notifications.Hubs.Tokens;

/// <summary>The times in a checked token.</summary>
internal static class TokenTimes
{
    /// <summary>The latest time, in Unix seconds. A later one in a token means never.</summary>
    private static readonly double Last = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    public static DateTimeOffset? IssuedAt(ClaimsPrincipal? user) => Of(user, TokenNames.IssuedAtClaim);

    public static DateTimeOffset? Expiry(ClaimsPrincipal? user) => Of(user, TokenNames.ExpiryClaim);

    /// <summary>RFC 7519 allows seconds with a fraction.</summary>
    private static DateTimeOffset? Of(ClaimsPrincipal? user, string claim) =>
        double.TryParse(user?.FindFirst(claim)?.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds >= 0
            ? DateTimeOffset.FromUnixTimeSeconds((long)Math.Min(seconds, Last))
            : null;
}
