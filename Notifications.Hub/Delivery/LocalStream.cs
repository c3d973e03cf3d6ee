namespace Notifications.Hubs.Delivery;

/// <summary>One stream on this instance: its Redis subscription and the connections that it is passed on to.</summary>
internal sealed class LocalStream
{
    private readonly StreamName _name;
    private readonly HubTelemetry _telemetry;
    private readonly ILogger _logger;
    private readonly Action<LocalStream> _onClosed;
    private readonly SemaphoreSlim _changing = new(1);
    private readonly LiveSubscription _live;
    private readonly Lock _membersLock = new();
    private readonly List<Subscription> _members = [];
    private Position? _heard;
    private bool _closed;

    public LocalStream(StreamName name, LiveLink link, LiveChannels channels, HubTelemetry telemetry, ILogger logger, Action<LocalStream> onClosed)
    {
        (_name, _telemetry, _logger, _onClosed) = (name, telemetry, logger, onClosed);
        _live = new LiveSubscription(link, () => channels.LiveAsync(name), Receive);
    }

    public StreamName Name => _name;

    /// <returns>False if the last subscription has left and this stream is over.</returns>
    public async Task<bool> TryAddAsync(Subscription subscription)
    {
        await _changing.WaitAsync();
        try
        {
            if (_closed)
            {
                return false;
            }

            if (!_live.HasBegun)
            {
                await SubscribeFirstAsync();
            }

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
    /// Takes note of where the log ended when a connection that already listened read it: what follows has to be heard. Only
    /// the first one counts, as a later one could hide what was not heard.
    /// </summary>
    public void NoteEnd(Position end)
    {
        lock (_membersLock)
        {
            _heard ??= end;
        }
    }

    /// <summary>Whether the log has gone past what was heard, or is another, or went back; also if it has come as far again since.</summary>
    /// <param name="end">The log's end as just read.</param>
    /// <param name="before">What <see cref="Heard"/> was before that read.</param>
    public bool IsBehind(Position end, Position? before)
    {
        lock (_membersLock)
        {
            // What was heard since the read may be ahead of it; then there is nothing to say before the next check.
            if (before is null || _heard != before || before == end)
            {
                return false;
            }

            _heard = end;
            return true;
        }
    }

    /// <summary>The last position heard.</summary>
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

    /// <summary>Makes every connection read what it may have missed.</summary>
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

    private async Task SubscribeFirstAsync()
    {
        try
        {
            await _live.BeginAsync();
        }
        catch
        {
            // Nobody is here yet; the next one begins a new stream.
            _closed = true;
            _onClosed(this);
            throw;
        }
    }

    private void Receive(ReadOnlySpan<byte> message)
    {
        try
        {
            // The frames keep parts of it.
            if (!LiveMessage.TryParse(message.ToArray(), out var live))
            {
                Log.NotALiveMessage(_logger, _name);
                return;
            }

            var entry = LogEntry.Parse(live.Entry);
            var frame = NotificationFrame.Heard(_name, live, entry);
            lock (_membersLock)
            {
                // The channel has the order of the log: back or aside is only where two links overlap, or where Redis itself went
                // back in time. There an offset below a connection's would pass for one that it has had.
                var wentBack = _heard is { } heard && heard.Epoch == live.Epoch && live.Offset <= heard.Offset;
                _heard = frame.Position;
                if (wentBack)
                {
                    CatchUp();
                }

                using var activity = _telemetry.StartDeliver(_name, live.Offset, entry.TraceParent, _members.Count);
                foreach (var member in _members)
                {
                    member.Offer(frame);
                }
            }
        }
        catch (FormatException exception)
        {
            // The offset that follows shows the gap, and the log is read.
            Log.UnreadableEntry(_logger, _name, exception);
        }
    }
}
