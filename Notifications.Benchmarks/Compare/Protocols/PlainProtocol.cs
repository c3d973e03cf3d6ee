using Notifications.Benchmarks.Compare.Wire;

namespace Notifications.Benchmarks.Compare.Protocols;

/// <summary>A client of <c>peers/ws-server.js</c>: each message is the payload and nothing else, and an empty one says that Redis is subscribed to.</summary>
internal sealed class PlainProtocol(Arrivals arrivals) : IClientProtocol
{
    public string Path(string user, string? topic) => $"/?user={user}{(topic is null ? "" : $"&topic={topic}")}";

    public ProtocolSession Begin(WireConnection connection, ClientLoop clients) => new Session(connection, clients, arrivals);

    private sealed class Session(WireConnection connection, ClientLoop clients, Arrivals arrivals) : ProtocolSession
    {
        public override void OnMessage(ReadOnlySpan<byte> message)
        {
            if (message.IsEmpty)
            {
                clients.OnBegun(connection);
            }
            else
            {
                arrivals.Add(connection.Index, message);
            }
        }
    }
}
