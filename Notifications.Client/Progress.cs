using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Logging;

namespace Notifications.Client;

/// <summary>
/// Saves how far one stream was handled, and then acknowledges it. The save comes first: if the store were behind the hub's cursor, the difference would be
/// delivered again. Only the newest position counts. At most one save is under way. Acknowledgements are sent at an interval, the first at once.
/// </summary>
internal sealed class Progress
{
    /// <summary>
    /// One acknowledgement stands for all notifications of this time. It decides whether the user's phones get a push, and where a device
    /// that lost its positions goes on. Both can wait that long.
    /// </summary>
    private static readonly TimeSpan AcknowledgeInterval = TimeSpan.FromSeconds(2);

    private readonly string _stream;
    private readonly NotificationClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationToken _stopping;
    private readonly Channel<Position> _toSave = OnlyNewest<Position>();
    private readonly Channel<(ClientConnection Connection, Position Position)> _toAcknowledge = OnlyNewest<(ClientConnection, Position)>();
    private readonly Task _saving;
    private readonly Task _acknowledging;
    private readonly Lock _lock = new();
    private ClientConnection? _connection;
    private Position? _saved;
    private Position? _acknowledged;

    public Progress(
        string stream, Position? saved, NotificationClientOptions options, TimeProvider time, ILogger logger, CancellationToken stopping)
    {
        (_stream, _saved, _options, _time, _logger, _stopping) = (stream, saved, options, time, logger, stopping);
        _saving = Task.Run(() => EachAsync(_toSave, SaveAsync), CancellationToken.None);
        _acknowledging = Task.Run(() => EachAsync(_toAcknowledge, AcknowledgeAsync), CancellationToken.None);
    }

    public void Handled(Position position)
    {
        // Without a device no position is kept.
        if (_options.IsDurable)
        {
            _toSave.Writer.TryWrite(position);
        }
    }

    /// <summary>
    /// From now on acknowledgements are sent on this connection. The last acknowledgement is sent again if it may have been lost with the
    /// last connection or the last hub.
    /// </summary>
    /// <param name="connection">The connection that the stream is delivered on.</param>
    /// <param name="begin">The position after which the connection delivers.</param>
    public void Resume(ClientConnection connection, Position begin)
    {
        lock (_lock)
        {
            _connection = connection;
            if (_saved is { } saved && saved.Epoch == begin.Epoch && (saved != _acknowledged || begin.Offset < saved.Offset))
            {
                OfferAcknowledgement(saved);
            }
        }
    }

    /// <summary>Waits until nothing is left to save or to acknowledge. To be called once, when nothing more is handled.</summary>
    public async Task FlushAsync()
    {
        _toSave.Writer.Complete();
        await _saving;
        lock (_lock)
        {
            // An acknowledgement without an answer may be lost when the connection is closed. So the last one is sent again, with an answer.
            if (_saved is { } saved)
            {
                OfferAcknowledgement(saved);
            }
        }

        _toAcknowledge.Writer.Complete();
        await _acknowledging;
    }

    /// <summary>Holds one value. A newer value replaces it.</summary>
    private static Channel<T> OnlyNewest<T>() =>
        Channel.CreateBounded<T>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private static async Task EachAsync<T>(Channel<T> values, Func<T, Task> action)
    {
        await foreach (var value in values.Reader.ReadAllAsync())
        {
            await action(value);
        }
    }

    private async Task SaveAsync(Position position)
    {
        var backoff = new Backoff(_options);
        do
        {
            try
            {
                await _options.Positions.SaveAsync(_stream, position, CancellationToken.None);
                lock (_lock)
                {
                    _saved = position;
                    OfferAcknowledgement(position);
                }

                return;
            }
            catch (Exception exception)
            {
                Log.NotSaved(_logger, _stream, exception);
            }

            await Task.Delay(backoff.Next(), _time, _stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!_stopping.IsCancellationRequested);
    }

    private void OfferAcknowledgement(Position position)
    {
        if (_connection is { } connection && position.Offset > 0)
        {
            _toAcknowledge.Writer.TryWrite((connection, position));
        }
    }

    private async Task AcknowledgeAsync((ClientConnection Connection, Position Position) acknowledgement)
    {
        var (connection, position) = acknowledgement;
        try
        {
            await connection.AcknowledgeAsync(_stream, position, isAnswered: _stopping.IsCancellationRequested);
            lock (_lock)
            {
                _acknowledged = position;
            }

            await Task.Delay(AcknowledgeInterval, _time, _stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (HubException exception)
        {
            Log.NotAcknowledged(_logger, _stream, exception);
        }
        catch (ConnectionLostException)
        {
            // The next connection starts with this acknowledgement.
        }
    }
}
