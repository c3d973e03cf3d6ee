using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Notifications.OrderService.Outbox;

/// <summary>
/// The outbox table, which the service's replicas share. One replica at a time publishes a stream's rows: the replica with the claim of the
/// stream. Claims are rows, not locks of a transaction (<c>FOR UPDATE SKIP LOCKED</c>): SQLite has no such locks, and no transaction
/// should stay open while Redis answers.
/// </summary>
/// <remarks>
/// A replica may pause longer than its lease, and go on after another replica has claimed its streams. Notifications are then neither
/// doubled nor reordered: both replicas publish the same rows in the same order, and Redis ignores an id that it knows.
/// </remarks>
internal sealed class OutboxTable(IDbContextFactory<OrderDb> databases, IOptions<OutboxOptions> options, TimeProvider time)
{
    private readonly OutboxOptions _options = options.Value;

    /// <summary>New at each start: claims of an earlier process do not belong to this process.</summary>
    private readonly string _owner = Guid.NewGuid().ToString("N");

    /// <summary>Claims up to <paramref name="streams"/> free streams with waiting rows. Streams that have waited longest come first.</summary>
    public async Task<IReadOnlyList<ClaimedStream>> ClaimAsync(int streams, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        // A claim takes SQLite's only write lock, even when nothing waits. Most of the time nothing waits.
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

    /// <summary>Removes sent rows, moves refused rows to the table OutboxRefused, and frees the streams, all in one transaction.</summary>
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

        // After the rows, and only claims of this process: an expired claim may belong to another replica by now.
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

    /// <summary>Counts the waiting rows and the refused rows, and reads the time of the oldest waiting row.</summary>
    public async Task<OutboxState> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return new OutboxState(
            await db.Outbox.CountAsync(cancellationToken),
            await db.Outbox.OrderBy(row => row.Sequence).Select(row => (DateTime?)row.CreatedAt).FirstOrDefaultAsync(cancellationToken),
            await db.OutboxRefused.CountAsync(cancellationToken));
    }

    /// <summary>
    /// One statement, so that only one of two replicas gets a stream. The rows are sorted by stream to avoid a deadlock between replicas. SQLite's
    /// parser needs "WHERE true": otherwise it would take ON for the ON of a join.
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

/// <summary>The numbers of waiting and refused rows, and the time of the oldest waiting row, or null when none waits.</summary>
internal sealed record OutboxState(int Waiting, DateTime? OldestAt, int Refused);
