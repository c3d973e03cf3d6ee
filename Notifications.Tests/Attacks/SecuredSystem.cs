using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Hosting;
using Notifications.Testing.Clusters;
using Notifications.Client;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Notifications.Tests.Tokens;
using Xunit;

namespace Notifications.Tests.Attacks;

/// <summary>
/// The system as it would face the internet, as processes in Production: an OIDC authority over HTTPS, Redis over TLS with the users that
/// docs/redis.md has, two hubs, two gateways, the order service. A client that does no harm is connected all the while, with tokens that live for
/// seconds.
/// </summary>
public sealed class SecuredSystem : IAsyncLifetime
{
    private const int Hubs = 2;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan TokenLife = TimeSpan.FromSeconds(4);

    private readonly TestCertificates _certificates = new();
    private readonly ConcurrentQueue<long> _received = new();
    private readonly ConcurrentQueue<Gap> _gaps = new();
    private NotificationClient? _client;
    private Cluster? _cluster;
    private OidcAuthority? _authority;
    private DocumentedAcl? _acl;
    private bool _isUp;
    private int _published;
    private int _tokens;

    internal Cluster Cluster => _cluster ?? throw new InvalidOperationException("The system has not started: mark the test [FactWithRedisServer].");

    internal OidcAuthority Authority => _authority ?? throw new InvalidOperationException("The system has not started: mark the test [FactWithRedisServer].");

    internal DocumentedAcl Acl => _acl ?? throw new InvalidOperationException("The system has not started: mark the test [FactWithRedisServer].");

    public Uri Gateway => new($"http://{Cluster.Gateways[0].EndPoint}");

    /// <summary>Of the client that does no harm.</summary>
    public string GoodUser { get; } = RedisServers.Unique("good");

    /// <summary>How often it had to come with another token.</summary>
    public int Tokens => Volatile.Read(ref _tokens);

    public async Task InitializeAsync()
    {
        if (!RedisServerProcess.IsInstalled)
        {
            return;
        }

        using var limit = new CancellationTokenSource(StartLimit);
        _authority = await OidcAuthority.StartAsync(_certificates.Server);
        _acl = new DocumentedAcl();
        var tls = FreePorts.Next();
        _cluster = await Cluster.StartAsync(
            new ClusterOptions
            {
                Hubs = Hubs,
                Gateways = 2,
                OrderServices = 1,
                RedisArguments =
                [
                    "--appendonly", "no", "--aclfile", _acl.File, .. _certificates.RedisArguments(tls),
                ],
                Settings = new Dictionary<string, string>
                {
                    ["ASPNETCORE_ENVIRONMENT"] = Environments.Production,
                    ["Authentication__DevelopmentKey"] = "",
                    ["Authentication__Schemes__Bearer__Authority"] = _authority.Issuer,
                    // Whom .NET trusts on Linux, in the place of the machine's list.
                    ["SSL_CERT_FILE"] = _certificates.AuthorityFile,
                    ["Redis__CertificateAuthority"] = _certificates.AuthorityFile,
                    ["Tokens__ExpirySpread"] = "00:00:01",
                },
                GatewaySettings = Redis(tls, DocumentedAcl.Gateway),
                HubSettings = Redis(tls, DocumentedAcl.Hub),
                OrderSettings = Redis(tls, DocumentedAcl.Orders),
            },
            limit.Token);
        await ConnectGoodClientAsync(limit.Token);
        _isUp = true;
    }

    public async Task DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        if (_cluster is not null)
        {
            _cluster.KeepsLogs = !_isUp;
            await _cluster.DisposeAsync();
        }

        if (_authority is not null)
        {
            await _authority.DisposeAsync();
        }

        _acl?.Dispose();
        _certificates.Dispose();
    }

    /// <summary>A browser of one person: it keeps cookies and follows nothing.</summary>
    public HttpClient Browser(string? token = null, Uri? server = null)
    {
        var http = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false }) { BaseAddress = server ?? Gateway };
        http.DefaultRequestHeaders.Authorization = token is null ? null : new("Bearer", token);
        return http;
    }

    /// <summary>The client that does no harm gets the next notification, and has got all before it once and in order.</summary>
    public async Task GoodClientIsServedAsync()
    {
        var expected = Interlocked.Increment(ref _published);
        await Cluster.Publisher.PublishAsync(StreamName.User(GoodUser), TestMessaging.Numbered(expected));
        await Eventually.True(() => _received.Count >= expected, "the good client to get its notification");
        Assert.Equal(Enumerable.Range(1, expected).Select(offset => (long)offset), _received);
        Assert.Empty(_gaps);
        Cluster.ThrowIfAnyDied();
    }

    private Dictionary<string, string> Redis(int port, string user) =>
        new() { ["ConnectionStrings__redis"] = _acl!.ConnectionString($"localhost:{port},ssl=true", user) };

    private async Task ConnectGoodClientAsync(CancellationToken cancellationToken)
    {
        _client = new NotificationClient(new NotificationClientOptions
        {
            Url = new Uri(Gateway, "/hubs/notifications"),
            Device = "laptop",
            AccessToken = _ =>
            {
                Interlocked.Increment(ref _tokens);
                return Task.FromResult<string?>(Authority.Issue(GoodUser, lifetime: TokenLife));
            },
        });
        _client.Handle((notification, _) =>
        {
            _received.Enqueue(notification.Offset);
            return Task.CompletedTask;
        });
        _client.OnGap((gap, _) =>
        {
            _gaps.Enqueue(gap);
            return Task.CompletedTask;
        });
        await _client.StartAsync(cancellationToken);
    }
}

/// <summary>One secured system for all tests that attack it.</summary>
[CollectionDefinition(Name)]
public sealed class OneSecuredSystem : ICollectionFixture<SecuredSystem>
{
    public const string Name = "one secured system";
}
