using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Notifications.Gateway.Limits;
using Notifications.Gateway.Sessions;
using OpenTelemetry.Trace;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.ServiceDiscovery;
using Yarp.ReverseProxy.SessionAffinity;

namespace Notifications.Gateway;

/// <summary>YARP's routes and clusters: which request is forwarded to which service.</summary>
internal static class Proxy
{
    /// <summary>Every hub is below this path, also the hubs that an adopter adds. The gateway treats all of them alike.</summary>
    public const string HubsPath = "/hubs";
    public const string PublishPath = "/api/notifications";
    public const string HubCluster = "hub";
    public const string HubApiCluster = "hub-api";
    public const string AffinityCookie = ".Notifications.Affinity";
    private const string ServicePrefix = "service-";

    private static readonly string[] HubApis = [PublishPath, "/api/devices", "/api/users", "/api/operator"];

    /// <summary>The paths that no route of the configuration can have.</summary>
    public static IReadOnlyList<string> OwnPaths { get; } = [HubsPath, .. HubApis];

    /// <summary>
    /// A request is cut off after this time without a byte. A hub connection is never silent for so long: SignalR pings every 15 s,
    /// and a long poll ends after 90 s at the latest.
    /// </summary>
    private static readonly TimeSpan HubActivityTimeout = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan ApiActivityTimeout = TimeSpan.FromSeconds(30);

    // CONNECT opens a WebSocket over HTTP/2. YARP supports that, but does not accept CONNECT as the method of a route.
    private static readonly IReadOnlyList<string> HubMethods = [HttpMethods.Get, HttpMethods.Post, HttpMethods.Delete, HttpMethods.Connect];
    private static readonly IReadOnlyList<string> ApiMethods = [HttpMethods.Get, HttpMethods.Post, HttpMethods.Put, HttpMethods.Delete];

    public static void AddProxy(this WebApplicationBuilder builder)
    {
        var options = builder.ReadGatewayOptions();
        var limits = builder.Configuration.GetSection(LimitOptions.Section).Get<LimitOptions>() ?? new();
        var proxy = builder.Services.AddReverseProxy()
            .LoadFromMemory(Routes(options, limits), Clusters(HubDestinationsRegistration.AtStart(options), options))
            .WithoutClientsWord()
            .AddServiceDiscoveryDestinationResolver();
        HubRequest.AddTransform(proxy);
        builder.Services.AddSingleton<GatewayTelemetry>();
        builder.Services.AddSingleton<OpenSessions>();
        builder.Services.AddSingleton<HandshakeAdmission>();
        builder.Services.AddSingleton<IForwarderHttpClientFactory, HubHttpClients>();
        builder.Services.AddSingleton<ILoadBalancingPolicy, SessionPlacement>();
        builder.Services.AddSingleton<IPassiveHealthCheckPolicy, UnreachableInstances>();
        KeepInstanceIds(builder.Services);
        // YARP would log a stack trace for each failed request. UnreachableInstances logs once for each
        // outage. As the first source, any other configuration can change it.
        ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = [new("Logging:LogLevel:Yarp", "Error")] });
        builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource("Yarp.ReverseProxy"));
    }

    /// <summary>Answers 405 to methods that no hub uses. YARP does the same for the other routes, which name their methods.</summary>
    public static void UseHubMethods(this IApplicationBuilder proxy) => proxy.Use((context, next) =>
    {
        if (context.GetReverseProxyFeature().Cluster.Config.ClusterId != HubCluster || HubMethods.Contains(context.Request.Method))
        {
            return next(context);
        }

        context.Response.Headers.Allow = string.Join(", ", HubMethods);
        context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        return Task.CompletedTask;
    });

    /// <summary>Replaces the proxy's configuration in one step. Requests under way keep the configuration that they started with.</summary>
    public static void UpdateHubs(this InMemoryConfigProvider proxy, IReadOnlyDictionary<string, DestinationConfig> hubs, GatewayOptions options) =>
        proxy.Update(proxy.GetConfig().Routes, Clusters(hubs, options));

    private static IReadOnlyList<RouteConfig> Routes(GatewayOptions options, LimitOptions limits) =>
    [
        // No time-out, because a session may last for any time.
        Route("hub", HubCluster, HubsPath, methods: null),
        .. HubApis.Select(path => Route(path, HubApiCluster, path, ApiMethods) with { Timeout = limits.ApiTimeout }),
        // The services behind the gateway, such as /api/orders: section Gateway:Routes.
        .. options.Routes.Select(route =>
            Route(ServicePrefix + route.Key, ServicePrefix + route.Key, route.Value.Path, ApiMethods) with { Timeout = limits.ApiTimeout }),
    ];

    private static IReadOnlyList<ClusterConfig> Clusters(IReadOnlyDictionary<string, DestinationConfig> hubs, GatewayOptions options) =>
    [
        Cluster(HubCluster, hubs, options, HubActivityTimeout) with
        {
            SessionAffinity = new SessionAffinityConfig
            {
                Enabled = true,
                Policy = SessionAffinityConstants.Policies.HashCookie,
                FailurePolicy = SessionAffinityConstants.FailurePolicies.Redistribute,
                AffinityKeyName = AffinityCookie,
                Cookie = new SessionAffinityCookieConfig
                {
                    HttpOnly = true,
                    // Origins relaxes this when other sites may use the gateway.
                    SameSite = SameSiteMode.Strict,
                    SecurePolicy = CookieSecurePolicy.SameAsRequest,
                    // The cookie only serves the connection, so it needs no consent of the user.
                    IsEssential = true,
                },
            },
        },
        Cluster(HubApiCluster, hubs, options, ApiActivityTimeout),
        .. options.Routes.Select(route => Cluster(
            ServicePrefix + route.Key, new Dictionary<string, DestinationConfig> { [route.Key] = new() { Address = route.Value.Address } }, options, ApiActivityTimeout)),
    ];

    private static ClusterConfig Cluster(
        string id, IReadOnlyDictionary<string, DestinationConfig> destinations, GatewayOptions options, TimeSpan activityTimeout) => new()
        {
            ClusterId = id,
            Destinations = destinations,
            LoadBalancingPolicy = SessionPlacement.PolicyName,
            HttpRequest = new ForwarderRequestConfig { ActivityTimeout = activityTimeout },
            HealthCheck = new HealthCheckConfig
            {
                // When every instance is unreachable, a try costs no more than a refusal, and it finds the first instance that is back.
                AvailableDestinationsPolicy = HealthCheckConstants.AvailableDestinations.HealthyOrPanic,
                Passive = new PassiveHealthCheckConfig
                {
                    Enabled = true,
                    Policy = UnreachableInstances.PolicyName,
                    ReactivationPeriod = options.UnreachablePause,
                },
            },
        };

    private static RouteConfig Route(string id, string cluster, string path, IReadOnlyList<string>? methods) =>
        new() { RouteId = id, ClusterId = cluster, Match = new RouteMatch { Path = path + "/{**rest}", Methods = methods } };

    /// <summary>Puts <see cref="InstanceDestinationResolver"/> before the resolver that service discovery registered.</summary>
    private static void KeepInstanceIds(IServiceCollection services)
    {
        var discovery = services.Last(service => service.ServiceType == typeof(IDestinationResolver)).ImplementationType!;
        services.Replace(ServiceDescriptor.Singleton<IDestinationResolver>(provider =>
            new InstanceDestinationResolver((IDestinationResolver)ActivatorUtilities.CreateInstance(provider, discovery))));
    }
}
