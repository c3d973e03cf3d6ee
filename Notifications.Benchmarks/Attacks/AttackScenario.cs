using System.Net;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks.Attacks;

/// <summary>One thing that somebody does to the system through its gateway, and the answer that they have to get.</summary>
internal abstract class AttackScenario(string name, string what)
{
    /// <summary>What the command calls it, such as <c>handshake-flood</c>.</summary>
    public string Name => name;

    /// <summary>What is done, for the table.</summary>
    public string What => what;

    /// <returns>What the system answered, for the table.</returns>
    public abstract Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken);
}

internal sealed class AttackStage(Cluster cluster, IPAddress source, bool isBrief) : ScenarioStage(cluster, isBrief)
{
    /// <summary>Where the attacker's connections come from, an address that nobody else has.</summary>
    public IPAddress Source => source;

    public IPEndPoint Gateway => Cluster.Gateways[0].EndPoint;

    public string Token(string user, params string[] roles) => Cluster.Tokens.Issue(user, roles);

    /// <summary>HTTP from the attacker's address.</summary>
    public HttpClient Http(string? token = null)
    {
        var http = new HttpClient(Handler()) { BaseAddress = new Uri($"http://{Gateway}") };
        if (token is not null)
        {
            http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }

        return http;
    }

    /// <summary>A stock client's connection over a WebSocket, which takes one handshake.</summary>
    public HubConnection Hub(string user, string? device = null) => new HubConnectionBuilder()
        .WithUrl($"http://{Gateway}/hubs/notifications{(device is null ? "" : $"?device={device}")}", options =>
        {
            options.Transports = HttpTransportType.WebSockets;
            options.SkipNegotiation = true;
            options.AccessTokenProvider = () => Task.FromResult<string?>(Token(user));
        })
        .Build();

    public SocketsHttpHandler Handler() => new()
    {
        MaxConnectionsPerServer = 100,
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectCallback = async (_, cancellationToken) => (await RawConnection.OpenAsync(Gateway, source, cancellationToken)).Stream,
    };
}
