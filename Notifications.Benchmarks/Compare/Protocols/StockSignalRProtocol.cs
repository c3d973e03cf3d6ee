using Microsoft.AspNetCore.SignalR.Client;
using Notifications.Benchmarks.Compare.Wire;

namespace Notifications.Benchmarks.Compare.Protocols;

/// <summary>A plain SignalR client of <c>peers/StockSignalR</c>, which tells it when it is in all of its groups.</summary>
internal sealed class StockSignalRProtocol(Arrivals arrivals) : IClientProtocol
{
    public TimeSpan? KeepAlive => HubConnection.DefaultKeepAliveInterval;

    public string Path(string user, string? topic) => $"/hub?user={user}{(topic is null ? "" : $"&topic={topic}")}";

    public ProtocolSession Begin(WireConnection connection, ClientLoop clients) => new Session(connection, clients, arrivals);

    private sealed class Session(WireConnection connection, ClientLoop clients, Arrivals arrivals) : SignalRSession(connection)
    {
        protected override void OnInvocation(ReadOnlySpan<byte> record)
        {
            if (record.StartsWith("{\"type\":1,\"target\":\"notification\""u8))
            {
                arrivals.Add(Connection.Index, record);
            }
            else if (record.StartsWith("{\"type\":1,\"target\":\"ready\""u8))
            {
                clients.OnBegun(Connection);
            }
        }
    }
}
