using System.Text.Json;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Notifications.Hubs.Escalations;

/// <summary>
/// Handles one escalation that <see cref="Escalator"/> has claimed, and settles it. An escalation whose notification a device has acknowledged is dropped
/// when it is read.
/// </summary>
internal sealed class EscalationHandler(
    EscalationSchedule schedule, PhoneRegistry phones, IEnumerable<PushProvider> providers, IOptions<EscalationOptions> options,
    HubTelemetry telemetry, TimeProvider time, RedisFailures failures, ILogger<EscalationHandler> logger)
{
    private readonly EscalationOptions _options = options.Value;
    private readonly Dictionary<PushPlatform, PushProvider> _providers = providers.ToDictionary(provider => provider.Platform);

    /// <summary>
    /// Sends the notification to each phone of the user at most once. While Redis answers and this process lives, no other instance sends it too. Otherwise the
    /// escalation falls due again when the lease ends. Messages that were sent, but not settled, are then sent twice. When the instance stops, sends that have
    /// not begun are left to other instances. <paramref name="claimedAt"/> is a time stamp from just before the claim.
    /// </summary>
    public async Task HandleAsync(EscalationClaim claim, long claimedAt, CancellationToken stopping)
    {
        try
        {
            var due = await schedule.ReadAsync(claim);
            if (due.State != EscalationState.Due)
            {
                telemetry.Dropped(due.State);
                return;
            }

            var results = await SendAsync(claim, claimedAt, due, stopping);
            await SettleAsync(claim, claimedAt, [.. results.SelectMany(result => result.Later)]);
            // After settling, because a failure here must not cause a second send.
            await Task.WhenAll(results.SelectMany(result => result.Dead).Select(phones.ForgetAsync));
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            failures.Report(exception, $"The escalation of {claim.Escalation.Stream}, offset {claim.Escalation.Offset}, could not be finished. It is due again when its lease ends.");
        }
    }

    private async Task<IReadOnlyList<PhoneResult>> SendAsync(EscalationClaim claim, long claimedAt, DueEscalation due, CancellationToken stopping)
    {
        var escalation = claim.Escalation;
        if (Read(escalation, due) is not (var message, var traceParent))
        {
            return [];
        }

        using var activity = telemetry.StartEscalate(escalation, traceParent);
        if (escalation is { Attempt: 0, Device: null })
        {
            telemetry.Escalated();
        }

        Phone[] meant = [.. due.Phones.Where(phone => escalation.Device is null || phone.Device == escalation.Device)];
        var own = await Task.WhenAll(meant.Select(phones.IsOwnAsync));
        return await Task.WhenAll(meant.Select((phone, i) => own[i]
            ? SendAsync(message, phone, escalation, claimedAt, stopping)
            // The token belongs to another user or device now.
            : Task.FromResult(PhoneResult.Forget(phone))));
    }

    private async Task<PhoneResult> SendAsync(PushMessage message, Phone phone, Escalation escalation, long claimedAt, CancellationToken stopping)
    {
        var again = escalation with { Device = phone.Device };
        var attempt = await AttemptAsync(message, phone, claimedAt, stopping);
        switch (attempt)
        {
            case { Outcome: null, Wait: { } wait }:
                return Later(message, wait, again);
            case { Outcome: null }:
                telemetry.Dropped(DropReason.Off);
                return PhoneResult.Done;
            case { Outcome: { Result: SendResult.TokenDead } dead }:
                Log.PhoneForgotten(logger, phone.User, phone.Device, phone.Platform, dead.Reason);
                return PhoneResult.Forget(phone);
            case { Outcome: { Result: SendResult.Rejected } rejected }:
                Log.PushRejected(logger, phone.Platform, escalation.Stream, escalation.Offset, rejected.Reason);
                return PhoneResult.Done;
            case { Outcome: { Result: SendResult.Retry } retry }:
                return Later(message, retry.RetryAfter + _options.WaitAfter(escalation.Attempt), again with { Attempt = escalation.Attempt + 1 });
            default:
                return PhoneResult.Done;
        }
    }

    private async Task<PushAttempt> AttemptAsync(PushMessage message, Phone phone, long claimedAt, CancellationToken stopping)
    {
        try
        {
            // A send that begins later might not end within the lease.
            var margin = _options.Lease - _options.SendTimeout;
            return await _providers[phone.Platform].SendAsync(message, phone, claimedAt + (long)(margin.TotalSeconds * time.TimestampFrequency), stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return PushAttempt.NotNow(TimeSpan.Zero);
        }
    }

    private PhoneResult Later(PushMessage message, TimeSpan wait, Escalation again)
    {
        if (time.GetUtcNow() + wait < message.Expires)
        {
            return new PhoneResult([(wait, again)], []);
        }

        Log.PushExpired(logger, again.Stream, again.Offset, again.Attempt);
        telemetry.Dropped(DropReason.Expired);
        return PhoneResult.Done;
    }

    /// <summary>Tries until Redis has the result or the lease ends. Messages that were sent, but not settled, would be sent again.</summary>
    private async Task SettleAsync(EscalationClaim claim, long claimedAt, IReadOnlyList<(TimeSpan In, Escalation Escalation)> later)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                if (!await schedule.SettleAsync(claim, later))
                {
                    Log.LeaseLost(logger, claim.Escalation.Stream, claim.Escalation.Offset, _options.Lease);
                }

                return;
            }
            catch (Exception exception) when (exception.IsFromRedis())
            {
                var wait = _options.WaitAfter(tries);
                if (time.GetElapsedTime(claimedAt) + wait > _options.Lease)
                {
                    throw;
                }

                await Task.Delay(wait, time);
            }
        }
    }

    /// <returns>Null: there is nothing to send, and no later try would change this.</returns>
    private (PushMessage Message, string? TraceParent)? Read(Escalation escalation, DueEscalation due)
    {
        try
        {
            var entry = LogEntry.Parse(due.Entry);
            if (JsonElement.Parse(entry.Body.Span).GetProperty("id").GetString() != escalation.Id)
            {
                telemetry.Dropped(DropReason.Gone);
                return null;
            }

            var push = Push.Parse(JsonElement.Parse(entry.Push.Span));
            var expires = entry.Timestamp + (push.TimeToLive ?? Push.MaxTimeToLive);
            if (expires > time.GetUtcNow())
            {
                return (new PushMessage(escalation.Stream, new Position(due.Epoch, escalation.Offset), escalation.Id, push, expires), entry.TraceParent);
            }

            telemetry.Dropped(DropReason.Expired);
        }
        catch (Exception exception) when (exception is FormatException or JsonException or ArgumentException or KeyNotFoundException or InvalidOperationException)
        {
            Log.EscalationUnreadable(logger, escalation.Stream, escalation.Offset, exception);
            telemetry.Dropped(DropReason.Unreadable);
        }

        return null;
    }

    /// <param name="Later">Escalations that are to be tried later for a phone.</param>
    /// <param name="Dead">Phones that are to be forgotten. Their token leads to no phone any more, or belongs to somebody else.</param>
    private readonly record struct PhoneResult(IReadOnlyList<(TimeSpan In, Escalation Escalation)> Later, IReadOnlyList<Phone> Dead)
    {
        public static PhoneResult Done { get; } = new([], []);

        public static PhoneResult Forget(Phone phone) => new([], [phone]);
    }
}
