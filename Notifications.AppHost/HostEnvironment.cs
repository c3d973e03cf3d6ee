namespace Notifications.AppHost;

internal static class HostEnvironment
{
    private const string TelemetryRetry = "OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY";

    /// <summary>
    /// Gives a project the AppHost's own environment in run mode: without a launch profile it would be in Production. Also disables the retries of telemetry
    /// exports, which Aspire enables. At Ctrl-C the dashboard ends first, and services that retry for 10 s would be killed before they have stopped.
    /// </summary>
    /// <remarks>When published, a service has its default, Production. azd writes the manifest with the launch profile, which says Development.</remarks>
    public static IResourceBuilder<ProjectResource> WithHostEnvironment(this IResourceBuilder<ProjectResource> project) =>
        project.WithEnvironment(context =>
        {
            if (context.ExecutionContext.IsRunMode)
            {
                context.EnvironmentVariables["ASPNETCORE_ENVIRONMENT"] = project.ApplicationBuilder.Environment.EnvironmentName;
            }

            context.EnvironmentVariables.Remove(TelemetryRetry);
        });
}
