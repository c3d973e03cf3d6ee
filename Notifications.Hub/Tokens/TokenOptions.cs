using System.ComponentModel.DataAnnotations;

namespace Notifications.Hubs.Tokens;

/// <summary>How long a connection lives by its token, section <c>Tokens</c>.</summary>
internal sealed class TokenOptions
{
    public const string Section = "Tokens";

    /// <summary>
    /// A connection is closed at a random moment from its token's expiry to so long after it, so that many who signed in at once do not come
    /// back at once. No longer than the clock skew for which the expired token would be taken anyway. Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan ExpirySpread { get; set; } = TokenAuthentication.ClockSkew;

    /// <summary>The longest that a token lives, from <c>iat</c> to <c>exp</c>, and so how long a revocation is kept. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan LongestLife { get; set; } = TimeSpan.FromHours(24);
}
