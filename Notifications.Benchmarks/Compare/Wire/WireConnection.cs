using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Text;
using Notifications.Benchmarks.Compare.Protocols;
using Notifications.Transport.Sockets;

namespace Notifications.Benchmarks.Compare.Wire;

internal enum WirePhase
{
    Closed,
    Connecting,
    Upgrading,
    Opening,
    Ready,
}

/// <summary>One user's WebSocket. Nothing is kept for it between two reads but what has come of a frame that is not whole yet.</summary>
internal sealed class WireConnection(int index, string user, string? topic, IPEndPoint server, string request, ClientLoop clients)
{
    private const int MaxSend = 2048;

    private byte[]? _rest;
    private int _restLength;
    private ArrayBufferWriter<byte>? _message;
    private ProtocolSession? _session;
    private int _socket = -1;
    private long _sentAt;

    /// <summary>Of the connection among all of the driver's, and of its user.</summary>
    public int Index => index;

    public string User => user;

    /// <summary>What it listens to besides.</summary>
    public string? Topic => topic;

    public WirePhase Phase { get; private set; }

    private ProtocolSession Session => _session ?? throw new InvalidOperationException($"The connection of {user} is not open.");

    public void Connect(Epoll epoll, ProtocolSession session)
    {
        _session = session;
        _socket = Linux.Socket();
        Phase = WirePhase.Connecting;
        Linux.Connect(_socket, server);
        epoll.Add(_socket, index, SocketEvents.Writable);
    }

    /// <summary>The socket has something to tell. All connections share the <paramref name="buffer"/>.</summary>
    public void OnReady(Epoll epoll, byte[] buffer)
    {
        if (Phase == WirePhase.Closed)
        {
            // Closed since this round of events was fetched.
            return;
        }

        if (Phase == WirePhase.Connecting)
        {
            Phase = WirePhase.Upgrading;
            epoll.Change(_socket, index, SocketEvents.Readable);
            SendRaw(Encoding.ASCII.GetBytes(request));
            return;
        }

        var kept = TakeRest(buffer);
        var count = Linux.Receive(_socket, buffer.AsSpan(kept));
        switch (count)
        {
            case < 0:
                Keep(buffer.AsSpan(0, kept));
                break;
            case 0:
                clients.OnLost(this, "The server closed it.");
                break;
            default:
                Keep(Take(buffer.AsSpan(0, kept + count)));
                break;
        }
    }

    public void BecomeReady() => Phase = WirePhase.Ready;

    /// <summary>As clients do: when nothing was sent for so long.</summary>
    public void KeepAlive(long now, long interval)
    {
        if (Phase == WirePhase.Ready && now - _sentAt >= interval)
        {
            Session.KeepAlive();
        }
    }

    public void Send(ReadOnlySpan<byte> text)
    {
        _sentAt = Clock.Now;
        Send(WebSocketOpcode.Text, text);
    }

    public void Close()
    {
        if (_socket >= 0)
        {
            _ = Linux.Close(_socket);
            _socket = -1;
        }

        Phase = WirePhase.Closed;
        _message = null;
        if (_rest is not null)
        {
            ArrayPool<byte>.Shared.Return(_rest);
            _rest = null;
        }
    }

    /// <returns>What is not whole yet.</returns>
    private ReadOnlySpan<byte> Take(ReadOnlySpan<byte> bytes)
    {
        if (Phase == WirePhase.Upgrading)
        {
            if (!UpgradeResponse.TryRead(bytes, out var response))
            {
                return bytes;
            }

            if (response.Status != UpgradeResponse.SwitchingProtocols)
            {
                clients.OnRefused(this, response);
                return [];
            }

            bytes = bytes[response.Length..];
            Phase = WirePhase.Opening;
            Session.OnUpgraded();
        }

        while (Phase != WirePhase.Closed && ServerFrame.TryRead(bytes, out var frame))
        {
            bytes = bytes[frame.Length..];
            OnFrame(frame);
        }

        return Phase == WirePhase.Closed ? [] : bytes;
    }

    private void OnFrame(ServerFrame frame)
    {
        switch (frame.Opcode)
        {
            case WebSocketOpcode.Close:
                clients.OnLost(this, $"The server sent a close frame {Reason(frame.Payload)}.");
                break;
            case WebSocketOpcode.Ping:
                Send(WebSocketOpcode.Pong, frame.Payload);
                break;
            case WebSocketOpcode.Pong:
                break;
            default:
                OnData(frame);
                break;
        }
    }

    /// <summary>What fits in one frame, which is nearly everything, is not copied.</summary>
    private void OnData(ServerFrame frame)
    {
        if (frame.IsFinal && _message is null)
        {
            Session.OnMessage(frame.Payload);
            return;
        }

        _message ??= new ArrayBufferWriter<byte>(frame.Payload.Length * 2);
        _message.Write(frame.Payload);
        if (frame.IsFinal)
        {
            Session.OnMessage(_message.WrittenSpan);
            _message = null;
        }
    }

    private void Send(WebSocketOpcode opcode, ReadOnlySpan<byte> payload)
    {
        Span<byte> frame = stackalloc byte[MaxSend];
        SendRaw(frame[..ClientFrame.Write(frame, opcode, payload)]);
    }

    /// <exception cref="InvalidOperationException">The server has left so much unread that a few bytes more do not fit.</exception>
    private void SendRaw(ReadOnlySpan<byte> bytes)
    {
        if (Linux.Send(_socket, bytes) != bytes.Length)
        {
            throw new InvalidOperationException($"The server does not read what the client of {user} sends.");
        }
    }

    /// <summary>The code and the text of a close frame.</summary>
    private static string Reason(ReadOnlySpan<byte> payload) => payload.Length < sizeof(ushort)
        ? "without a reason"
        : $"{BinaryPrimitives.ReadUInt16BigEndian(payload)} \"{Encoding.UTF8.GetString(payload[sizeof(ushort)..])}\"";

    private int TakeRest(byte[] buffer)
    {
        if (_rest is not { } rest)
        {
            return 0;
        }

        rest.AsSpan(0, _restLength).CopyTo(buffer);
        ArrayPool<byte>.Shared.Return(rest);
        _rest = null;
        return _restLength;
    }

    /// <exception cref="InvalidDataException">A frame is larger than the driver's buffer.</exception>
    private void Keep(ReadOnlySpan<byte> rest)
    {
        if (rest.Length == ClientLoop.BufferSize)
        {
            throw new InvalidDataException($"A frame for {user} is larger than {ClientLoop.BufferSize} bytes.");
        }

        if (!rest.IsEmpty)
        {
            _rest = ArrayPool<byte>.Shared.Rent(rest.Length);
            _restLength = rest.Length;
            rest.CopyTo(_rest);
        }
    }
}
