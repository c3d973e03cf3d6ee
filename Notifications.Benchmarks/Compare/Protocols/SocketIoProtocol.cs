using System.Text;
using Notifications.Benchmarks.Compare.Wire;

namespace Notifications.Benchmarks.Compare.Protocols;

/// <summary>
/// Socket.IO 5 over Engine.IO 4 by WebSocket alone (https://socket.io/docs/v4/socket-io-protocol/,
/// https://socket.io/docs/v4/engine-io-protocol/), a client of <c>peers/socketio-server.js</c>.
/// </summary>
internal sealed class SocketIoProtocol(Arrivals arrivals) : IClientProtocol
{
    public string Path(string user, string? topic) =>
        $"/socket.io/?EIO=4&transport=websocket&user={user}{(topic is null ? "" : $"&topic={topic}")}";

    public ProtocolSession Begin(WireConnection connection, ClientLoop clients) => new Session(connection, clients, arrivals);

    private sealed class Session(WireConnection connection, ClientLoop clients, Arrivals arrivals) : ProtocolSession
    {
        /// <exception cref="InvalidDataException">The server refuses, or says what this client does not know.</exception>
        public override void OnMessage(ReadOnlySpan<byte> message)
        {
            if (message.StartsWith("42[\"notification\","u8))
            {
                arrivals.Add(connection.Index, message);
            }
            else if (message.SequenceEqual("2"u8))
            {
                connection.Send("3"u8);
            }
            else if (message.StartsWith("0"u8))
            {
                connection.Send("40"u8);
            }
            else if (message.StartsWith("40"u8))
            {
                // The server put it into its rooms in the same turn of its loop.
                clients.OnBegun(connection);
            }
            else
            {
                throw new InvalidDataException($"The server said to {connection.User}: {Encoding.UTF8.GetString(message)}");
            }
        }
    }
}
