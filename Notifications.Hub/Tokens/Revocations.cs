using System.Collections.Immutable;
using System.Security.Claims;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Tokens;

/// <summary>
/// This instance's copy of the revocations, which are few: asking it costs no round trip. It only ever learns more, so what Redis
/// loses or does not answer stays revoked here.
/// </summary>
internal sealed class Revocations(IOptions<TokenOptions> options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private ImmutableDictionary<string, DateTimeOffset> _until = ImmutableDictionary.Create<string, DateTimeOffset>(StringComparer.Ordinal);

    /// <summary>They have been read at least once. Before that nobody can say who is let in.</summary>
    public bool AreRead { get; private set; }

    /// <summary>What was revoked before this has no tokens left.</summary>
    public DateTimeOffset Oldest => time.GetUtcNow() - options.Value.LongestLife - TokenAuthentication.ClockSkew;

    /// <summary>All that Redis has.</summary>
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

    /// <summary>Until when the user's tokens are revoked, if the token that they came with was issued by then. One that does not say when counts as older.</summary>
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
