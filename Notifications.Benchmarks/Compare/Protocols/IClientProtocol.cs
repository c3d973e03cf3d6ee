using Notifications.Benchmarks.Compare.Wire;

namespace Notifications.Benchmarks.Compare.Protocols;

/// <summary>How a client of one of the compared systems speaks over its WebSocket.</summary>
internal interface IClientProtocol
{
    /// <summary>After which a client that has sent nothing sends something by itself; null: never.</summary>
    TimeSpan? KeepAlive => null;

    /// <summary>Of the request for the WebSocket, with its query.</summary>
    string Path(string user, string? topic);

    /// <summary>More lines of that request, each with its end; <paramref name="isStraight"/> if it goes to a server and not to the proxy.</summary>
    string Headers(string user, bool isStraight) => "";

    ProtocolSession Begin(WireConnection connection, ClientLoop clients);

    /// <summary>Every few milliseconds, for what a client does after a while.</summary>
    void OnTick(long now)
    {
    }
}

/// <summary>The protocol on one connection.</summary>
internal abstract class ProtocolSession
{
    /// <summary>The WebSocket is there. Unless the client has to speak first, it waits for the server.</summary>
    public virtual void OnUpgraded()
    {
    }

    public abstract void OnMessage(ReadOnlySpan<byte> message);

    public virtual void KeepAlive()
    {
    }
}
