using System.ComponentModel;
using System.Net;
using Notifications.Benchmarks.Compare.Protocols;
using Notifications.Transport.Sockets;

namespace Notifications.Benchmarks.Compare.Wire;

/// <summary>
/// All the clients of a run in one thread: whoever calls <see cref="RunUntil"/> reads, answers and publishes for them until a condition
/// holds. Between two calls the clients do nothing.
/// </summary>
internal sealed class ClientLoop(IClientProtocol protocol, CancellationToken cancellationToken) : IDisposable
{
    public const int BufferSize = 256 * 1024;

    private const string Upgrade =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    private const long Tick = 10 * Clock.Millisecond;
    private const int MaxMissedTicks = 100;

    private readonly Epoll _epoll = new();
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly List<WireConnection> _connections = [];
    private readonly Queue<WireConnection> _waiting = [];
    private readonly PriorityQueue<WireConnection, long> _refused = new();
    private int _inFlightLimit = 1;
    private int _inFlight;
    private int _nextKeepAlive;
    private long _nextTick;
    private long _nextSecond;

    /// <summary>Called once in each round, before the clients wait for something to come; returns when it wants to be called again.</summary>
    public Func<long, long>? EachRound { get; set; }

    /// <summary>Called once a second, to tell how it goes.</summary>
    public Action? EachSecond { get; set; }

    public IReadOnlyList<WireConnection> Connections => _connections;

    public int Ready { get; private set; }

    /// <summary>How often a server told a client to come again later.</summary>
    public int Refusals { get; private set; }

    /// <summary>A client of <paramref name="user"/>, which <see cref="Connect"/> connects.</summary>
    public WireConnection Add(string user, IPEndPoint server, string? topic = null, bool isStraight = false)
    {
        var request = $"GET {protocol.Path(user, topic)} HTTP/1.1\r\nHost: {server}\r\n{Upgrade}{protocol.Headers(user, isStraight)}\r\n";
        var connection = new WireConnection(_connections.Count, user, topic, server, request, this);
        _connections.Add(connection);
        return connection;
    }

    /// <summary>Connects these from now on, at most so many at the same time.</summary>
    public void Connect(IEnumerable<WireConnection> connections, int inFlight)
    {
        _inFlightLimit = inFlight;
        foreach (var connection in connections)
        {
            _waiting.Enqueue(connection);
        }
    }

    /// <exception cref="TimeoutException">The condition did not come true within the limit.</exception>
    public void RunUntil(Func<bool> condition, TimeSpan limit, string what)
    {
        if (!Run(condition, limit))
        {
            throw new TimeoutException($"Waited {limit.TotalSeconds:0.#} s for {what}; {Ready} of {_connections.Count} clients are connected.");
        }
    }

    public void RunFor(TimeSpan time) => Run(static () => false, time);

    /// <returns>False if the condition did not come true within the limit.</returns>
    public bool Run(Func<bool> condition, TimeSpan limit)
    {
        var end = Clock.Now + Clock.Nanoseconds(limit);
        while (!condition())
        {
            var now = Clock.Now;
            if (now >= end)
            {
                return false;
            }

            cancellationToken.ThrowIfCancellationRequested();
            BeginConnects(now);
            var next = EachRound?.Invoke(now) ?? long.MaxValue;
            OnTick(now);
            var wake = Math.Min(Math.Min(next, _nextTick), end);
            var count = _epoll.Wait(Math.Max(0, wake - Clock.Now));
            for (var i = 0; i < count; i++)
            {
                OnReady(_connections[(int)_epoll.Id(i)]);
            }
        }

        return true;
    }

    public void Close(IEnumerable<WireConnection> connections)
    {
        foreach (var connection in connections)
        {
            if (connection.Phase == WirePhase.Ready)
            {
                Ready--;
            }

            connection.Close();
        }
    }

    /// <summary>Its protocol has begun: what is published for it from now on has to arrive.</summary>
    public void OnBegun(WireConnection connection)
    {
        connection.BecomeReady();
        Ready++;
        _inFlight--;
    }

    public void OnRefused(WireConnection connection, UpgradeResponse response)
    {
        connection.Close();
        _inFlight--;
        if (response.RetryAfter is not { } wait)
        {
            throw new InvalidOperationException($"The request of {connection.User} for a WebSocket was answered with {response.Status}.");
        }

        Refusals++;
        _refused.Enqueue(connection, Clock.Now + Clock.Nanoseconds(wait * (1 + Random.Shared.NextDouble())));
    }

    /// <exception cref="InvalidOperationException">Always: no client of a comparison may lose its connection.</exception>
    public void OnLost(WireConnection connection, string reason)
    {
        var phase = connection.Phase;
        connection.Close();
        throw new InvalidOperationException($"The connection of {connection.User} was lost while {phase}: {reason}");
    }

    public void Dispose()
    {
        _connections.ForEach(connection => connection.Close());
        _epoll.Dispose();
    }

    private void OnReady(WireConnection connection)
    {
        try
        {
            connection.OnReady(_epoll, _buffer);
        }
        catch (Win32Exception exception)
        {
            OnLost(connection, exception.Message);
        }
    }

    private void BeginConnects(long now)
    {
        while (_refused.TryPeek(out var refused, out var due) && due <= now)
        {
            _refused.Dequeue();
            _waiting.Enqueue(refused);
        }

        while (_inFlight < _inFlightLimit && _waiting.TryDequeue(out var connection))
        {
            _inFlight++;
            connection.Connect(_epoll, protocol.Begin(connection, this));
        }
    }

    private void OnTick(long now)
    {
        if (now < _nextTick)
        {
            return;
        }

        // After a time in which nobody ran the clients, those whose turn was then would otherwise all come at once.
        var ticks = Math.Min((now - _nextTick) / Tick + 1, MaxMissedTicks);
        _nextTick = now + Tick;
        protocol.OnTick(now);
        if (now >= _nextSecond)
        {
            _nextSecond = now + Clock.Second;
            EachSecond?.Invoke();
        }

        if (protocol.KeepAlive is { } interval)
        {
            // Each is looked at once a second.
            var looks = (int)Math.Min(_connections.Count, (ticks * Tick * _connections.Count / Clock.Second) + 1);
            for (var i = 0; i < looks; i++)
            {
                _connections[_nextKeepAlive++ % _connections.Count].KeepAlive(now, Clock.Nanoseconds(interval));
            }
        }
    }
}
