using System.Text;
using System.Text.Unicode;
using Notifications.Benchmarks.Compare.Wire;

namespace Notifications.Benchmarks.Compare.Protocols;

/// <summary>
/// What this system's own clients do (docs/protocol.md): a device name, positions followed, and acknowledgements that are cumulative: the first at
/// once, then at most one each <paramref name="acknowledgeInterval"/> and connection, without an answer.
/// </summary>
internal sealed class NotificationsProtocol(Func<string, string> token, TimeSpan acknowledgeInterval, Arrivals arrivals) : IClientProtocol
{
    private readonly long _acknowledgeInterval = Clock.Nanoseconds(acknowledgeInterval);

    /// <summary>Those that have acknowledged, by when they may again.</summary>
    private readonly Queue<Session> _resting = [];

    // As NotificationClientOptions.KeepAlive.
    public TimeSpan? KeepAlive { get; } = TimeSpan.FromSeconds(10);

    // A topic is asked for when the connection is there.
    public string Path(string user, string? topic) => $"/hubs/notifications?device=d&access_token={token(user)}";

    // As a browser the query; only the gateway takes the token from there.
    public string Headers(string user, bool isStraight) => isStraight ? $"Authorization: Bearer {token(user)}\r\n" : "";

    public ProtocolSession Begin(WireConnection connection, ClientLoop clients) => new Session(this, connection, clients, arrivals);

    public void OnTick(long now)
    {
        while (_resting.TryPeek(out var session) && session.RestsUntil <= now)
        {
            _resting.Dequeue().GoOn(now);
        }
    }

    private sealed class Session(NotificationsProtocol protocol, WireConnection connection, ClientLoop clients, Arrivals arrivals)
        : SignalRSession(connection)
    {
        private const int MaxRequest = 512;

        private readonly string _stream = connection.Topic is { } topic ? $"topic:{topic}" : $"user:{connection.User}";
        private bool _hasAskedForTopic;
        private bool _isResting;
        private int _acknowledged;
        private int _invocations;
        private byte[] _epochName = [];
        private int _epoch;
        private int _offset;

        public long RestsUntil { get; private set; }

        public void GoOn(long now)
        {
            _isResting = false;
            if (_offset != _acknowledged)
            {
                Acknowledge(now);
            }
        }

        protected override void OnInvocation(ReadOnlySpan<byte> record)
        {
            if (record.StartsWith("{\"type\":1,\"target\":\"notification\""u8))
            {
                OnNotification(record);
            }
            else if (record.StartsWith("{\"type\":1,\"target\":\"subscribed\""u8))
            {
                OnSubscribed();
            }
        }

        private void OnNotification(ReadOnlySpan<byte> record)
        {
            _offset = (int)Arrivals.NumberAfter(record, "\"offset\":"u8);
            FollowEpoch(TextAfter(record, "\"epoch\":\""u8));
            arrivals.Add(Connection.Index, record, _offset, _epoch);
            if (!_isResting)
            {
                Acknowledge(Clock.Now);
            }
        }

        private void Acknowledge(long now)
        {
            if (Connection.Phase != WirePhase.Ready)
            {
                return;
            }

            Span<byte> record = stackalloc byte[MaxRequest];
            Send(record, Utf8.TryWrite(
                record, $"{{\"type\":1,\"target\":\"Acknowledge\",\"arguments\":[\"{_stream}\",\"{arrivals.Epochs[_epoch]}\",{_offset}]}}\u001e", out var length), length);
            _acknowledged = _offset;
            _isResting = true;
            RestsUntil = now + protocol._acknowledgeInterval;
            protocol._resting.Enqueue(this);
        }

        private void FollowEpoch(ReadOnlySpan<byte> name)
        {
            if (!name.SequenceEqual(_epochName))
            {
                _epochName = name.ToArray();
                _epoch = arrivals.AddEpoch(Encoding.ASCII.GetString(name));
            }
        }

        private void OnSubscribed()
        {
            if (Connection.Topic is not null && !_hasAskedForTopic)
            {
                _hasAskedForTopic = true;
                Invoke($"\"target\":\"Subscribe\",\"arguments\":[\"{_stream}\",null]");
            }
            else if (Connection.Phase == WirePhase.Opening)
            {
                clients.OnBegun(Connection);
            }
        }

        private void Invoke(string call)
        {
            Span<byte> record = stackalloc byte[MaxRequest];
            Send(record, Utf8.TryWrite(record, $"{{\"type\":1,\"invocationId\":\"{++_invocations}\",{call}}}\u001e", out var length), length);
        }

        private void Send(ReadOnlySpan<byte> record, bool fits, int length)
        {
            if (!fits)
            {
                throw new InvalidDataException($"A message of {Connection.User} has more than {MaxRequest} bytes.");
            }

            Connection.Send(record[..length]);
        }

        private static ReadOnlySpan<byte> TextAfter(ReadOnlySpan<byte> record, ReadOnlySpan<byte> name)
        {
            var text = record[(record.IndexOf(name) + name.Length)..];
            return text[..text.IndexOf((byte)'"')];
        }
    }
}
