using Microsoft.Extensions.Options;
using OpenTelemetry;

namespace Notifications.Hubs.Escalations;

/// <summary>
/// The push provider of one platform, as this instance sees it: whether it is on, how many sends are under way, and whether it is paused. Several failures in a
/// row pause it. Nothing is sent during a pause, and the bound of the pauses doubles. After a pause one message is sent, and the others follow only if
/// it succeeds.
/// </summary>
internal sealed class PushProvider(
    PushPlatform platform, IReadOnlyList<IPushSender> senders, IOptions<EscalationOptions> options, HubTelemetry telemetry, TimeProvider time, ILogger<PushProvider> logger)
{
    /// <summary>So many failures without a success in between pause the provider. One failed message says nothing about it.</summary>
    private const int FailuresInARow = 5;

    /// <summary>How long a message waits if only an operator can help. The options are read again at each try.</summary>
    private static readonly TimeSpan StoppedDelay = TimeSpan.FromSeconds(15);

    private readonly EscalationOptions _options = options.Value;
    private readonly SemaphoreSlim _slots = new(options.Value.Concurrency);
    private readonly Lock _state = new();
    private int _failures;
    private int _pauses;
    private long _pausedUntil;
    private bool _probing;
    private object? _stoppedWith;

    public PushPlatform Platform => platform;

    /// <summary>
    /// Sends, unless the provider is off, stopped or paused, or the send can't begin by the time stamp <paramref name="until"/>. The cancellation ends the wait
    /// for a send to begin. A send that has begun goes on.
    /// </summary>
    public async Task<PushAttempt> SendAsync(PushMessage message, Phone phone, long until, CancellationToken stopping)
    {
        await _slots.WaitAsync(stopping);
        try
        {
            if (!TrySender(out var sender, out var settings))
            {
                return settings is null ? PushAttempt.Off : PushAttempt.NotNow(Jittered(StoppedDelay));
            }

            if (time.GetTimestamp() > until)
            {
                return PushAttempt.NotNow(TimeSpan.Zero);
            }

            if (!TryEnter(out var isProbe, out var wait))
            {
                return PushAttempt.NotNow(wait);
            }

            try
            {
                var outcome = await SendAsync(sender!, message, phone);
                Note(outcome, settings!);
                return outcome.Result == SendResult.Misconfigured ? PushAttempt.NotNow(Jittered(StoppedDelay)) : PushAttempt.Of(outcome);
            }
            finally
            {
                Leave(isProbe);
            }
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Logs whether the provider is on. Called once, at the start.</summary>
    public void LogState()
    {
        if (Sender() is { } sender)
        {
            Log.ProviderOn(logger, platform, sender.GetType().Name);
        }
        else
        {
            Log.ProviderOff(logger, platform, $"{EscalationOptions.Section}:{platform}");
        }
    }

    private IPushSender? Sender() => senders.FirstOrDefault(sender => sender.Settings is not null);

    /// <returns>False: the provider is off, and there are no settings. Or it is stopped, and the settings are those that stopped it.</returns>
    private bool TrySender(out IPushSender? sender, out object? settings)
    {
        sender = null;
        try
        {
            sender = Sender();
            settings = sender?.Settings;
        }
        catch (OptionsValidationException invalid)
        {
            settings = invalid.Message;
            Stop(settings, invalid.Message);
        }

        lock (_state)
        {
            return sender is not null && settings is not null && !settings.Equals(_stoppedWith);
        }
    }

    private bool TryEnter(out bool isProbe, out TimeSpan wait)
    {
        lock (_state)
        {
            isProbe = false;
            wait = TimeSpan.Zero;
            if (_pauses == 0)
            {
                return true;
            }

            var pause = time.GetElapsedTime(time.GetTimestamp(), _pausedUntil);
            if (pause <= TimeSpan.Zero && !_probing)
            {
                return isProbe = _probing = true;
            }

            // The messages that wait must not all come back at the same moment.
            pause = pause > TimeSpan.Zero ? pause : TimeSpan.Zero;
            wait = pause + (Random.Shared.NextDouble() * (pause > _options.RetryDelay ? pause : _options.RetryDelay));
            return false;
        }
    }

    private void Leave(bool isProbe)
    {
        if (isProbe)
        {
            lock (_state)
            {
                _probing = false;
            }
        }
    }

    private async Task<SendOutcome> SendAsync(IPushSender sender, PushMessage message, Phone phone)
    {
        using var activity = telemetry.StartSend(platform);
        using var limit = new CancellationTokenSource(_options.SendTimeout, time);
        SendOutcome outcome;
        try
        {
            // The URL of a send to APNs contains the phone's token. So only our own span records the send.
            using var quiet = SuppressInstrumentationScope.Begin();
            outcome = await sender.SendAsync(message, phone, limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            outcome = new SendOutcome(SendResult.Retry, "time-out");
        }
        catch (Exception exception)
        {
            Log.SendFailed(logger, platform, message.Stream, message.Position.Offset, exception);
            outcome = new SendOutcome(SendResult.Retry, exception.GetType().Name);
        }

        telemetry.Sent(activity, platform, outcome);
        return outcome;
    }

    private void Note(SendOutcome outcome, object settings)
    {
        switch (outcome.Result)
        {
            case SendResult.Misconfigured:
                Stop(settings, outcome.Reason);
                break;
            case SendResult.Retry:
                NoteFailure(outcome);
                break;
            default:
                lock (_state)
                {
                    (_failures, _pauses) = (0, 0);
                }

                break;
        }
    }

    private void Stop(object settings, string reason)
    {
        lock (_state)
        {
            if (settings.Equals(_stoppedWith))
            {
                return;
            }

            _stoppedWith = settings;
        }

        Log.ProviderStopped(logger, platform, reason, $"{EscalationOptions.Section}:{platform}");
    }

    private void NoteFailure(SendOutcome outcome)
    {
        TimeSpan pause;
        lock (_state)
        {
            _failures++;
            // Sends that were under way when the pause began do not make it longer.
            var paused = _pauses > 0 && time.GetElapsedTime(time.GetTimestamp(), _pausedUntil) > TimeSpan.Zero;
            if (paused || (_pauses == 0 && _failures < FailuresInARow))
            {
                return;
            }

            pause = _options.WaitAfter(_pauses) + outcome.RetryAfter;
            _pauses++;
            _pausedUntil = time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency);
        }

        Log.ProviderPaused(logger, platform, outcome.Reason, pause);
    }

    private static TimeSpan Jittered(TimeSpan delay) => delay * (0.5 + Random.Shared.NextDouble());
}

/// <summary>The result of an attempt to send to one phone.</summary>
/// <param name="Outcome">The outcome of a send; null: nothing was sent.</param>
/// <param name="Wait">If nothing was sent: how long to wait before the next attempt; null: there is no next attempt.</param>
internal readonly record struct PushAttempt(SendOutcome? Outcome, TimeSpan? Wait)
{
    /// <summary>The provider is off, so nothing was sent and nothing will be.</summary>
    public static PushAttempt Off => default;

    public static PushAttempt Of(SendOutcome outcome) => new(outcome, null);

    public static PushAttempt NotNow(TimeSpan wait) => new(null, wait);
}
