using System.ComponentModel.DataAnnotations;
using Notifications.Gateway.Sessions;

namespace Notifications.Gateway;

/// <summary>Where the gateway finds the hub replicas.</summary>
internal enum HubSource
{
    /// <summary>One by one, from the registry in Redis.</summary>
    Registry,

    /// <summary>Behind the one address <c>http://hub</c>, whose own ingress keeps sessions sticky.</summary>
    Endpoint,
}

/// <summary>Section <c>Gateway</c> of the configuration.</summary>
internal sealed class GatewayOptions : IValidatableObject
{
    public const string Section = "Gateway";

    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(10);

    public HubSource Hubs { get; set; } = HubSource.Registry;

    /// <summary>How often the list of hub instances is read; each wait is between three and five quarters of it.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an instance that could not be reached gets no new sessions, unless it leaves the registry before that.</summary>
    public TimeSpan UnreachablePause { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the gateway tries to open a connection to an instance: they are near, and a client is waiting.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an instance may take to answer what opens a session. One that takes longer counts as not reachable.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How many sessions may begin in a second.</summary>
    public int HandshakesPerSecond { get; set; } = 250;

    /// <summary>How many may begin at once after a quiet time.</summary>
    public int HandshakeBurst { get; set; } = 250;

    /// <summary>How many wait for their turn before the next are turned away with <c>Retry-After</c>.</summary>
    public int HandshakeQueue { get; set; } = 250;

    /// <summary>How long a gateway that was told to stop works on, not ready any more: what the load balancer before it needs to notice.</summary>
    public TimeSpan DrainNotice { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Over how long the sessions of a stopping gateway are spread when they are ended; longer where there are more than another gateway of
    /// this <see cref="HandshakesPerSecond"/> lets in meanwhile.
    /// </summary>
    public TimeSpan DrainWindow { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Whose pages may use this gateway, as <c>scheme://host[:port]</c>, besides those of its own address: CORS, and what a browser may
    /// begin a session from.
    /// </summary>
    public string[] Origins { get; set; } = [];

    /// <summary>Addresses of proxies before the gateway whose <c>X-Forwarded-*</c> headers are believed.</summary>
    public string[] KnownProxies { get; set; } = [];

    /// <summary>The same for all of a network, such as <c>10.0.0.0/8</c>.</summary>
    public string[] KnownNetworks { get; set; } = [];

    /// <summary>How many such proxies a request passes: so many addresses are read from the end of <c>X-Forwarded-For</c>, and no more.</summary>
    public int ProxyHops { get; set; } = 1;

    /// <summary>The APIs of other services behind this gateway, by a name of yours: <c>Gateway:Routes:orders:Path</c>.</summary>
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

    /// <summary>One of the two is below the other.</summary>
    private static bool Overlap(string one, string other) =>
        $"{one}/".StartsWith($"{other}/", StringComparison.OrdinalIgnoreCase) || $"{other}/".StartsWith($"{one}/", StringComparison.OrdinalIgnoreCase);
}

/// <summary>Requests to a path and what is below it go to a service, with the token checked and the limits of the gateway's other APIs.</summary>
internal sealed class ServiceRoute
{
    public string Path { get; set; } = "";

    /// <summary>Of the service. A name is resolved by service discovery: <c>services:orders:http:0</c> for <c>http://orders</c>, else by DNS.</summary>
    public string Address { get; set; } = "";
}

internal static class GatewayOptionsRegistration
{
    public static void AddGatewayOptions(this WebApplicationBuilder builder) =>
        builder.Services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section).ValidateDataAnnotations().ValidateOnStart();

    /// <summary>The options while services are still being registered, for what depends on them.</summary>
    public static GatewayOptions ReadGatewayOptions(this WebApplicationBuilder builder) =>
        builder.Configuration.GetSection(GatewayOptions.Section).Get<GatewayOptions>() ?? new();
}
