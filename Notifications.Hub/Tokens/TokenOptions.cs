using System.ComponentModel.DataAnnotations;

namespace Notifications.Hubs.Tokens;

/// <summary>How long a connection lives with its token, section <c>Tokens</c>.</summary>
internal sealed class TokenOptions
{
    public const string Section = "Tokens";

    /// <summary>
    /// A connection is closed at a random moment between its token's expiry and this time after it. So users who signed in at the same time do not reconnect at
    /// the same time. At most the clock skew, for which an expired token is accepted anyway. Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan ExpirySpread { get; set; } = TokenAuthentication.ClockSkew;

    /// <summary>The longest lifetime of a token, from <c>iat</c> to <c>exp</c>. A revocation is kept for this time. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan LongestLife { get; set; } = TimeSpan.FromHours(24);
}
