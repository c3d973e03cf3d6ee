namespace Notifications.Hubs.Delivery;

/// <summary>
/// One stream on this instance: its Redis subscription, and its members, which are the subscriptions of connections. <see cref="Receive"/> hears each
/// notification and offers it to every member.
/// </summary>
internal sealed class LocalStream
{
    private readonly DeliveryTelemetry _telemetry;
    private readonly ILogger _logger;
    private readonly Action<LocalStream> _onClosed;
    private readonly SemaphoreSlim _changing = new(1);
    private readonly LiveSubscription _live;
    private readonly Lock _membersLock = new();
    private readonly List<Subscription> _members = [];
    private Position? _heard;
    private bool _closed;

    public LocalStream(StreamName name, LiveFeed feed, LiveChannels channels, DeliveryTelemetry telemetry, ILogger logger, Action<LocalStream> onClosed)
    {
        (Name, _telemetry, _logger, _onClosed) = (name, telemetry, logger, onClosed);
        _live = new LiveSubscription(feed, () => channels.LiveAsync(name), Receive);
    }

    public StreamName Name { get; }

    /// <returns>False: the last subscription has left, and this stream is closed.</returns>
    public async Task<bool> TryAddAsync(Subscription subscription)
    {
        await _changing.WaitAsync();
        try
        {
            if (_closed)
            {
                return false;
            }

            await BeginAsync();
            lock (_membersLock)
            {
                subscription.Index = _members.Count;
                subscription.Local = this;
                _members.Add(subscription);
            }

            return true;
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task RemoveAsync(Subscription subscription)
    {
        await _changing.WaitAsync();
        try
        {
            lock (_membersLock)
            {
                if (subscription.Index >= _members.Count || _members[subscription.Index] != subscription)
                {
                    return;
                }

                var last = _members[^1];
                last.Index = subscription.Index;
                _members[subscription.Index] = last;
                _members.RemoveAt(_members.Count - 1);
                _closed = _members.Count == 0;
            }

            if (_closed)
            {
                _live.End();
                _onClosed(this);
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>
    /// Notes where the log ended when a connection that already listened read it. Notifications after that have to be heard. Only the first call counts,
    /// because a later one could hide a notification that was not heard.
    /// </summary>
    public void NoteEnd(Position end)
    {
        lock (_membersLock)
        {
            _heard ??= end;
        }
    }

    /// <summary>
    /// Whether the log has more than was heard, has another epoch, or went back. It is also true if a log that went back has reached the same offset again.
    /// </summary>
    /// <param name="end">The log's end as just read.</param>
    /// <param name="before">The value of <see cref="Heard"/> before that read.</param>
    public bool IsBehind(Position end, Position? before)
    {
        lock (_membersLock)
        {
            // If a notification was heard since the read, it may be beyond that end. Then the next check decides.
            if (before is null || _heard != before || before == end)
            {
                return false;
            }

            _heard = end;
            return true;
        }
    }

    /// <summary>The last position that was heard.</summary>
    public Position? Heard
    {
        get
        {
            lock (_membersLock)
            {
                return _heard;
            }
        }
    }

    /// <summary>Makes every connection read the notifications that it may have missed.</summary>
    public void CatchUp()
    {
        lock (_membersLock)
        {
            foreach (var member in _members)
            {
                member.CatchUp();
            }
        }
    }

    /// <summary>Begins to listen, if it does not listen yet.</summary>
    private async Task BeginAsync()
    {
        try
        {
            await _live.BeginAsync();
        }
        catch
        {
            // There is no member yet. The next subscription begins a new stream.
            _closed = true;
            _onClosed(this);
            throw;
        }
    }

    private void Receive(ReadOnlySpan<byte> message)
    {
        try
        {
            // A copy, because the frames keep parts of it.
            if (!LiveMessage.TryParse(message.ToArray(), out var live))
            {
                Log.NotALiveMessage(_logger, Name);
                return;
            }

            var entry = LogEntry.Parse(live.Entry);
            var frame = NotificationFrame.Heard(Name, live, entry);
            lock (_membersLock)
            {
                // The channel has the order of the log. An offset that does not rise comes only if two connections overlap, or if Redis went back in time. In the
                // second case a connection would take a new notification for an old one.
                var wentBack = _heard is { } heard && heard.Epoch == live.Epoch && live.Offset <= heard.Offset;
                _heard = frame.Position;
                if (wentBack)
                {
                    CatchUp();
                }

                using var activity = _telemetry.StartDeliver(Name, live.Offset, entry.TraceParent, _members.Count);
                foreach (var member in _members)
                {
                    // Goes into the queue of the member's connection.
                    member.Offer(frame);
                }
            }
        }
        catch (FormatException exception)
        {
            // The next offset shows the gap, and the log is read.
            Log.UnreadableEntry(_logger, Name, exception);
        }
    }
}
