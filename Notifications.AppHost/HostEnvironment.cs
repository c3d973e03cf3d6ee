namespace Notifications.AppHost;

internal static class HostEnvironment
{
    private const string TelemetryRetry = "OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY";

    /// <summary>
    /// The AppHost's own environment: without a launch profile a project would be in Production. And no retries of telemetry exports, which
    /// Aspire turns on: at Ctrl-C the dashboard goes first, and services that tried again for 10 s would be killed before they had stopped.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithHostEnvironment(this IResourceBuilder<ProjectResource> project) => project
        .WithEnvironment("ASPNETCORE_ENVIRONMENT", project.ApplicationBuilder.Environment.EnvironmentName)
        .WithEnvironment(context => context.EnvironmentVariables.Remove(TelemetryRetry));
}
