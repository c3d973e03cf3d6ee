using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Notifications.OrderService.Outbox;

/// <summary>
/// The outbox as the service's replicas share it. A stream's rows are published by one replica at a time, the one that has a
/// claim on it. Claims are rows like any other and not locks of a transaction (<c>FOR UPDATE SKIP LOCKED</c>): SQLite has none of
/// those, and no transaction should stay open for as long as Redis takes to answer.
/// </summary>
/// <remarks>
/// A replica that stands still past its lease and then goes on, while another has taken its streams, neither doubles nor
/// reorders anything: both publish the same rows in the same order, and an id that Redis knows changes nothing.
/// </remarks>
internal sealed class OutboxTable(IDbContextFactory<OrderDb> databases, IOptions<OutboxOptions> options, TimeProvider time)
{
    private readonly OutboxOptions _options = options.Value;

    /// <summary>New with each start: what a process claimed before it died is not its own.</summary>
    private readonly string _owner = Guid.NewGuid().ToString("N");

    /// <summary>Claims up to <paramref name="streams"/> streams with waiting rows that nobody has, those that wait the longest first.</summary>
    public async Task<IReadOnlyList<ClaimedStream>> ClaimAsync(int streams, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        // The claim takes SQLite's one write lock even where there is nothing to claim, and most of the time there is nothing.
        if (!await db.Outbox.AnyAsync(cancellationToken))
        {
            return [];
        }

        var claimedAt = time.GetTimestamp();
        var claims = await db.Database
            .SqlQueryRaw<Claim>(ClaimStatement(db.DatabaseNow), _owner, Milliseconds(_options.Lease), _options.BatchSize, streams)
            .ToListAsync(cancellationToken);
        if (claims.Count == 0)
        {
            return [];
        }

        var names = claims.Select(claim => claim.Stream).ToArray();
        var rows = await db.Outbox.AsNoTracking()
            .Where(row => names.Contains(row.Stream))
            .OrderBy(row => row.Sequence)
            .Take(_options.BatchSize)
            .ToListAsync(cancellationToken);
        var byStream = rows.ToLookup(row => row.Stream);
        return [.. claims.Select(claim => new ClaimedStream(claim.Stream, claim.Failures, claimedAt, [.. byStream[claim.Stream]]))];
    }

    /// <summary>Removes what was sent, moves aside what was refused, and lets go of the streams, in one transaction.</summary>
    public async Task SettleAsync(IReadOnlyList<StreamOutcome> outcomes)
    {
        await using var db = await databases.CreateDbContextAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        foreach (var refusal in outcomes.SelectMany(outcome => outcome.Refused))
        {
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO "OutboxRefused" ("Id", "Stream", "Notification", "TraceParent", "TraceState", "CreatedAt", "Reason")
                SELECT "Id", "Stream", "Notification", "TraceParent", "TraceState", "CreatedAt", {refusal.Reason}
                FROM "Outbox" WHERE "Sequence" = {refusal.Sequence}
                ON CONFLICT ("Id") DO NOTHING
                """);
        }

        long[] done = [.. outcomes.SelectMany(outcome => outcome.Sent.Concat(outcome.Refused.Select(refusal => refusal.Sequence)))];
        await db.Outbox.Where(row => done.Contains(row.Sequence)).ExecuteDeleteAsync();

        // After the rows, and only what is still its own: a claim that expired may be another's by now.
        string[] free = [.. outcomes.Where(outcome => outcome.Rest is null).Select(outcome => outcome.Stream)];
        await db.OutboxClaims.Where(claim => free.Contains(claim.Stream) && claim.Owner == _owner).ExecuteDeleteAsync();
        foreach (var outcome in outcomes)
        {
            if (outcome.Rest is { } rest)
            {
                await db.Database.ExecuteSqlRawAsync(RestStatement(db.DatabaseNow), Milliseconds(rest.For), rest.Failures, outcome.Stream, _owner);
            }
        }

        await transaction.CommitAsync();
    }

    /// <summary>How many rows wait, since when the oldest does, and how many are kept aside.</summary>
    public async Task<OutboxState> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return new OutboxState(
            await db.Outbox.CountAsync(cancellationToken),
            await db.Outbox.OrderBy(row => row.Sequence).Select(row => (DateTime?)row.CreatedAt).FirstOrDefaultAsync(cancellationToken),
            await db.OutboxRefused.CountAsync(cancellationToken));
    }

    /// <summary>
    /// One statement, so that of two replicas that want the same stream one gets it. Sorted by stream, so that they do not lock
    /// each other's rows crosswise. "WHERE true" is for SQLite's parser, which would take ON for a join's.
    /// </summary>
    private static string ClaimStatement(string now) =>
        $$"""
        INSERT INTO "OutboxClaims" ("Stream", "Owner", "Until", "Failures")
        SELECT due."Stream", {0}, {{now}} + {1}, 0
        FROM (
            SELECT oldest."Stream"
            FROM (
                SELECT waiting."Stream", waiting."Sequence"
                FROM "Outbox" AS waiting
                WHERE NOT EXISTS (SELECT 1 FROM "OutboxClaims" AS held WHERE held."Stream" = waiting."Stream" AND held."Until" > {{now}})
                ORDER BY waiting."Sequence"
                LIMIT {2}
            ) AS oldest
            GROUP BY oldest."Stream"
            ORDER BY MIN(oldest."Sequence")
            LIMIT {3}
        ) AS due
        WHERE true
        ORDER BY due."Stream"
        ON CONFLICT ("Stream") DO UPDATE SET "Owner" = excluded."Owner", "Until" = excluded."Until"
        WHERE "OutboxClaims"."Until" <= {{now}}
        RETURNING "Stream", "Failures"
        """;

    private static string RestStatement(string now) =>
        $$"""
        UPDATE "OutboxClaims" SET "Until" = {{now}} + {0}, "Failures" = {1}
        WHERE "Stream" = {2} AND "Owner" = {3}
        """;

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;

    private sealed record Claim(string Stream, int Failures);
}

/// <summary>What stands in the outbox.</summary>
internal sealed record OutboxState(int Waiting, DateTime? OldestAt, int Refused);
