using System.Collections.Immutable;
using System.Security.Claims;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Tokens;

/// <summary>
/// This instance's copy of the revocations. They are few, and a look-up costs no round trip. A revocation stays until all tokens that it refuses have expired,
/// even if Redis loses it or does not answer.
/// </summary>
internal sealed class Revocations(IOptions<TokenOptions> options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private ImmutableDictionary<string, DateTimeOffset> _until = ImmutableDictionary.Create<string, DateTimeOffset>(StringComparer.Ordinal);

    /// <summary>Whether they have been read at least once. Before that it is not known whose tokens are revoked.</summary>
    public bool AreRead { get; private set; }

    /// <summary>The time of the oldest revocation that counts. All tokens that were revoked earlier have expired.</summary>
    public DateTimeOffset Oldest => time.GetUtcNow() - options.Value.LongestLife - TokenAuthentication.ClockSkew;

    /// <summary>Takes over all revocations in Redis.</summary>
    public void Read(IEnumerable<KeyValuePair<string, DateTimeOffset>> all)
    {
        Learn(all);
        AreRead = true;
    }

    public void Learn(params IEnumerable<KeyValuePair<string, DateTimeOffset>> revocations)
    {
        lock (_lock)
        {
            var known = _until.ToBuilder();
            foreach (var (user, until) in revocations)
            {
                known[user] = known.TryGetValue(user, out var before) && before > until ? before : until;
            }

            known.RemoveRange(known.Where(revocation => revocation.Value < Oldest).Select(revocation => revocation.Key).ToArray());
            _until = known.ToImmutable();
        }
    }

    /// <summary>
    /// The time up to which the user's tokens are revoked, if their token was issued by then; null: it is not revoked. A token without an issue time counts as
    /// older.
    /// </summary>
    public DateTimeOffset? Of(ClaimsPrincipal? user)
    {
        var revoked = Volatile.Read(ref _until);
        return !revoked.IsEmpty
            && user?.FindFirst(TokenNames.UserClaim)?.Value is { } name
            && revoked.TryGetValue(name, out var until)
            && !(TokenTimes.IssuedAt(user) > until)
                ? until
                : null;
    }
}
