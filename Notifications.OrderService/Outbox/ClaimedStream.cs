namespace Notifications.OrderService.Outbox;

/// <summary>A stream that this process has for itself, with its oldest waiting rows.</summary>
/// <param name="Stream">Its name.</param>
/// <param name="Failures">How many attempts in a row have failed before this one.</param>
/// <param name="ClaimedAt">Timestamp of the <see cref="TimeProvider"/>, taken before the claim.</param>
/// <param name="Rows">In the order that they have to be published in.</param>
internal sealed record ClaimedStream(string Stream, int Failures, long ClaimedAt, IReadOnlyList<OutboxRow> Rows);

/// <summary>What became of a claimed stream's rows. Those that are named nowhere still wait.</summary>
/// <param name="Stream">The stream, which can be claimed again.</param>
/// <param name="Sent">Rows that Redis has.</param>
/// <param name="Refused">Rows that can't ever be published.</param>
/// <param name="Rest">Set if Redis did not take a row: the stream is left alone for a while.</param>
internal sealed record StreamOutcome(string Stream, IReadOnlyList<long> Sent, IReadOnlyList<Refusal> Refused, Rest? Rest);

/// <summary>How long nobody tries again, after how many failures in a row.</summary>
internal sealed record Rest(TimeSpan For, int Failures);

/// <summary>Why a row can't be published.</summary>
internal readonly record struct Refusal(long Sequence, string Reason);
