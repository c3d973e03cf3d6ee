namespace Notifications.OrderService.Outbox;

/// <summary>A stream that only this process may publish to now, with its oldest waiting rows.</summary>
/// <param name="Stream">The name of the stream.</param>
/// <param name="Failures">How many attempts in a row have failed before this attempt.</param>
/// <param name="ClaimedAt">Timestamp of the <see cref="TimeProvider"/>, taken before the claim.</param>
/// <param name="Rows">The rows, in the order in which they have to be published.</param>
internal sealed record ClaimedStream(string Stream, int Failures, long ClaimedAt, IReadOnlyList<OutboxRow> Rows);

/// <summary>The result for the rows of a claimed stream. Rows that are neither sent nor refused still wait.</summary>
/// <param name="Stream">The stream, which can be claimed again.</param>
/// <param name="Sent">The sequence numbers of rows that Redis has.</param>
/// <param name="Refused">The rows that can never be published.</param>
/// <param name="Rest">How long nobody tries the stream again, when Redis did not take a row. Else null.</param>
internal sealed record StreamOutcome(string Stream, IReadOnlyList<long> Sent, IReadOnlyList<Refusal> Refused, Rest? Rest);

/// <summary>How long nobody tries a stream again, and after how many failures in a row.</summary>
internal sealed record Rest(TimeSpan For, int Failures);

/// <summary>Why a row can't be published.</summary>
internal readonly record struct Refusal(long Sequence, string Reason);
