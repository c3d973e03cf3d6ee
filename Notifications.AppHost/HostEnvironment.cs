namespace Notifications.AppHost;

internal static class HostEnvironment
{
    private const string TelemetryRetry = "OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY";

    /// <summary>
    /// The AppHost's own environment in run mode: without a launch profile a project would be in Production. And no retries of telemetry exports, which
    /// Aspire turns on: at Ctrl-C the dashboard goes first, and services that tried again for 10 s would be killed before they had stopped.
    /// </summary>
    /// <remarks>Published, a service has its default, Production. azd writes the manifest with the launch profile, which says Development.</remarks>
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
