using System.ComponentModel.DataAnnotations;
using Notifications.Gateway.Sessions;

namespace Notifications.Gateway;

/// <summary>Where the gateway finds the hub instances.</summary>
internal enum HubSource
{
    /// <summary>The registry in Redis has the address of each instance.</summary>
    Registry,

    /// <summary>All instances have one address, <c>http://hub</c>. The ingress at that address keeps sessions sticky.</summary>
    Endpoint,
}

/// <summary>Section <c>Gateway</c> of the configuration.</summary>
internal sealed class GatewayOptions : IValidatableObject
{
    public const string Section = "Gateway";

    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(10);

    public HubSource Hubs { get; set; } = HubSource.Registry;

    /// <summary>How often the list of hub instances is read. Each wait is a random time from 75 % to 125 % of this interval.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an instance that could not be reached gets no new sessions, unless it leaves the registry before that.</summary>
    public TimeSpan UnreachablePause { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the gateway tries to open a connection to an instance. Instances are near, and a client is waiting.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an instance may take to answer a request that opens a session. A slower instance counts as unreachable.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How many sessions may begin in a second.</summary>
    public int HandshakesPerSecond { get; set; } = 250;

    /// <summary>How many sessions may begin at once after a quiet time.</summary>
    public int HandshakeBurst { get; set; } = 250;

    /// <summary>How many new sessions may wait for their turn. The gateway refuses further sessions with <c>Retry-After</c>.</summary>
    public int HandshakeQueue { get; set; } = 250;

    /// <summary>
    /// How long a gateway that was told to stop works on while it reports that it is not ready. The load balancer before it needs this time to notice.
    /// </summary>
    public TimeSpan DrainNotice { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The time over which a stopping gateway ends its sessions. It takes longer when another gateway with the same
    /// <see cref="HandshakesPerSecond"/> could not let all these sessions in within that time.
    /// </summary>
    public TimeSpan DrainWindow { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// The origins, as <c>scheme://host[:port]</c>, whose pages may use this gateway. Pages from the gateway's own address always may. Applies to
    /// CORS and to the sessions that a browser begins.
    /// </summary>
    public string[] Origins { get; set; } = [];

    /// <summary>Addresses of the proxies before the gateway whose <c>X-Forwarded-*</c> headers are trusted.</summary>
    public string[] KnownProxies { get; set; } = [];

    /// <summary>Networks, such as <c>10.0.0.0/8</c>, of which every address is a known proxy.</summary>
    public string[] KnownNetworks { get; set; } = [];

    /// <summary>How many known proxies a request passes. At most this number of addresses is read from the end of <c>X-Forwarded-For</c>.</summary>
    public int ProxyHops { get; set; } = 1;

    /// <summary>The APIs of other services behind this gateway. You choose the name of each route: <c>Gateway:Routes:orders:Path</c>.</summary>
    public Dictionary<string, ServiceRoute> Routes { get; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, route) in Routes)
        {
            if (!route.Path.StartsWith('/') || route.Path.EndsWith('/') || Proxy.OwnPaths.Any(own => Overlap(own, route.Path)))
            {
                yield return new ValidationResult(
                    $"{Section}:{nameof(Routes)}:{name}:{nameof(route.Path)} is \"{route.Path}\". It has to begin with / and not end with it, such as /api/orders, and be none of {string.Join(", ", Proxy.OwnPaths)}.");
            }

            if (!Uri.TryCreate(route.Address, UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
            {
                yield return new ValidationResult(
                    $"{Section}:{nameof(Routes)}:{name}:{nameof(route.Address)} is \"{route.Address}\". It has to be an address such as http://orders.");
            }
        }

        (string Name, TimeSpan Value)[] spans =
        [
            (nameof(PollInterval), PollInterval), (nameof(UnreachablePause), UnreachablePause),
            (nameof(ConnectTimeout), ConnectTimeout), (nameof(HandshakeTimeout), HandshakeTimeout),
        ];
        foreach (var (name, value) in spans.Where(span => span.Value <= TimeSpan.Zero))
        {
            yield return new ValidationResult($"{Section}:{name} is {value} and has to be longer than zero, such as 00:00:01.");
        }

        (string Name, int Value, int Min)[] counts =
        [
            (nameof(HandshakesPerSecond), HandshakesPerSecond, 1), (nameof(HandshakeBurst), HandshakeBurst, 1), (nameof(HandshakeQueue), HandshakeQueue, 0),
        ];
        foreach (var (name, value, min) in counts.Where(count => count.Value < count.Min))
        {
            yield return new ValidationResult($"{Section}:{name} is {value} and has to be {min} or more.");
        }

        if (HandshakeBurst * HandshakeAdmission.ReplenishmentsPerSecond < HandshakesPerSecond)
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(HandshakeBurst)} is {HandshakeBurst} and has to be at least a tenth of {nameof(HandshakesPerSecond)}, {HandshakesPerSecond}: they are let in ten times a second.");
        }

        foreach (var result in OriginsRegistration.ValidateOrigins(this).Concat(Forwarding.Validate(this)))
        {
            yield return result;
        }

        (string Name, TimeSpan Value)[] pauses = [(nameof(DrainNotice), DrainNotice), (nameof(DrainWindow), DrainWindow)];
        foreach (var (name, value) in pauses.Where(pause => pause.Value < TimeSpan.Zero || pause.Value > MaxPause))
        {
            yield return new ValidationResult($"{Section}:{name} is {value} and has to be from zero to {MaxPause}, such as 00:00:03.");
        }
    }

    private static bool Overlap(PathString one, PathString other) => one.StartsWithSegments(other) || other.StartsWithSegments(one);
}

/// <summary>
/// Forwards requests to a path, and to all paths below it, to a service. The gateway checks the token and applies the limits of its other APIs.
/// </summary>
internal sealed class ServiceRoute
{
    public string Path { get; set; } = "";

    /// <summary>
    /// The address of the service. Service discovery resolves a name: <c>services:orders:http:0</c> for <c>http://orders</c>. Other names are resolved by DNS.
    /// </summary>
    public string Address { get; set; } = "";
}

internal static class GatewayOptionsRegistration
{
    public static void AddGatewayOptions(this WebApplicationBuilder builder) =>
        builder.Services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section).ValidateDataAnnotations().ValidateOnStart();

    /// <summary>Reads the options while services are being registered, for registrations that depend on them. The values are not validated yet.</summary>
    public static GatewayOptions ReadGatewayOptions(this WebApplicationBuilder builder) =>
        builder.Configuration.GetSection(GatewayOptions.Section).Get<GatewayOptions>() ?? new();
}
