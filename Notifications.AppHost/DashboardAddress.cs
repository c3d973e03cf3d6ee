using Microsoft.Extensions.Configuration;

namespace Notifications.AppHost;

/// <summary>The address on which the dashboard listens: HTTP on loopback, so that nobody needs a trusted certificate.</summary>
internal static class DashboardAddress
{
    private const string PortKey = "DASHBOARD_PORT";
    private const string UrlKey = "ASPNETCORE_URLS";
    private const string TelemetryUrlKey = "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL";
    private const string UnsecuredKey = "ASPIRE_ALLOW_UNSECURED_TRANSPORT";
    private const int DefaultPort = 15000;

    /// <summary>
    /// Puts the dashboard's page on <c>DASHBOARD_PORT</c>, or else on the launch profile's URL. Services send telemetry to another port, which is free.
    /// </summary>
    /// <exception cref="StartupProblem">The port is taken.</exception>
    public static void AddDashboardAddress(this IDistributedApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var profile = Uri.TryCreate(configuration[UrlKey], UriKind.Absolute, out var url) ? url : new Uri($"http://localhost:{DefaultPort}");
        var port = builder.OuterPort(PortKey, profile.Port) ?? FreePort.Next();
        configuration[UrlKey] = $"{profile.Scheme}://{profile.Host}:{port}";
        configuration[TelemetryUrlKey] ??= $"http://localhost:{FreePort.Next()}";
        configuration[UnsecuredKey] ??= "true";
    }

    /// <summary>The address of the dashboard with a token, which signs the user in.</summary>
    public static string LoginUrl(IConfiguration configuration) =>
        configuration[UrlKey] + (configuration["AppHost:BrowserToken"] is { Length: > 0 } token ? $"/login?t={token}" : "");
}
