using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Notifications.Tests.Deployment;

internal static class ProbePaths
{
    public const string Alive = "/alive";
    public const string Health = "/health";

    /// <summary>The paths that every service has for probes.</summary>
    public static IReadOnlyList<string?> Mapped { get; } = Map();

    private static string?[] Map()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.AddServiceDefaults();
        IEndpointRouteBuilder app = builder.Build().MapDefaultEndpoints();
        return [.. app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Select(endpoint => endpoint.RoutePattern.RawText)];
    }
}
