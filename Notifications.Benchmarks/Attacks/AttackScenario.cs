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

/// <summary>What a scenario has to work with.</summary>
/// <param name="cluster">What is attacked.</param>
/// <param name="source">Where the attacker's connections come from, an address that nobody else has.</param>
/// <param name="isBrief">The short form is run.</param>
internal sealed class AttackStage(Cluster cluster, IPAddress source, bool isBrief)
{
    private readonly List<string> _violations = [];

    public Cluster Cluster => cluster;

    public IPAddress Source => source;

    public IPEndPoint Gateway => cluster.Gateways[0].EndPoint;

    public IReadOnlyList<string> Violations => _violations;

    /// <summary>The short form is run.</summary>
    public bool IsBrief => isBrief;

    /// <summary>The size of something: as the full scenario has it, or as its short form does.</summary>
    public T Length<T>(T full, T brief) => isBrief ? brief : full;

    public string Token(string user, params string[] roles) => cluster.Tokens.Issue(user, roles);

    public void Require(bool holds, string what)
    {
        if (!holds)
        {
            _violations.Add($"not so: {what}");
        }
    }

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
