using Notifications.Benchmarks.Compare.Wire;

namespace Notifications.Benchmarks.Compare.Protocols;

/// <summary>
/// SignalR's JSON protocol (https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md). What a message says is
/// read off its first bytes, in the order in which SignalR writes its members.
/// </summary>
internal abstract class SignalRSession(WireConnection connection) : ProtocolSession
{
    private const byte RecordEnd = 0x1e;

    protected WireConnection Connection => connection;

    public override void OnUpgraded() => connection.Send("{\"protocol\":\"json\",\"version\":1}\u001e"u8);

    public override void OnMessage(ReadOnlySpan<byte> message)
    {
        for (var end = message.IndexOf(RecordEnd); end >= 0; end = message.IndexOf(RecordEnd))
        {
            OnRecord(message[..end]);
            message = message[(end + 1)..];
        }
    }

    public override void KeepAlive() => connection.Send("{\"type\":6}\u001e"u8);

    /// <summary>The server calls the client: one of the invocations of which all of what is compared has its own.</summary>
    protected abstract void OnInvocation(ReadOnlySpan<byte> record);

    /// <exception cref="InvalidDataException">The server says that something failed, or is about to close.</exception>
    private void OnRecord(ReadOnlySpan<byte> record)
    {
        if (record.StartsWith("{\"type\":1,"u8))
        {
            OnInvocation(record);
        }
        else if (record.StartsWith("{\"type\":7"u8) || record.IndexOf("\"error\":"u8) >= 0)
        {
            throw new InvalidDataException($"The hub said to {connection.User}: {System.Text.Encoding.UTF8.GetString(record)}");
        }
    }
}
