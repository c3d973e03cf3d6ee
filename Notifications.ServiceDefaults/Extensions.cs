using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds what all services of the system have in common: telemetry, health checks, service discovery, and resilient HTTP clients.</summary>
public static class Extensions
{
    private const string HealthPath = "/health";
    private const string AlivePath = "/alive";
    private const string PrometheusPort = "OTEL_EXPORTER_PROMETHEUS_PORT";
    private const string PrometheusHost = "OTEL_EXPORTER_PROMETHEUS_HOST";

    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.ConfigureOpenTelemetry();
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), ["live"]);
        builder.Services.AddProblemDetails();
        // The name of the server would only help attackers.
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddStandardResilienceHandler();
            http.AddServiceDiscovery();
        });
        return builder;
    }

    /// <summary>
    /// Exports traces, metrics and logs by OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names a receiver. Without a receiver no spans are
    /// recorded, because they cost more than a delivery. All sources and meters whose name starts with <c>Notifications.</c> are included.
    /// When <c>OTEL_EXPORTER_PROMETHEUS_PORT</c> is set, metrics can also be scraped at <c>/metrics</c> of that port. The port listens on the
    /// address <c>OTEL_EXPORTER_PROMETHEUS_HOST</c> (default <c>localhost</c>; <c>*</c> for all addresses). It is a separate port, because
    /// clients from outside should not reach it.
    /// </summary>
    /// <remarks>The names come from https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#prometheus-exporter.</remarks>
    /// <exception cref="InvalidOperationException">The value of <c>OTEL_EXPORTER_PROMETHEUS_PORT</c> is not a port.</exception>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        var hasReceiver = !string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        if (hasReceiver)
        {
            builder.Logging.AddOpenTelemetry(logging =>
            {
                logging.IncludeFormattedMessage = true;
                logging.IncludeScopes = true;
            });
            builder.Services.AddOpenTelemetry().UseOtlpExporter().WithTracing(tracing => tracing
                .SetSampler(new ParentBasedSampler(new NoHousekeeping()))
                .AddSource(builder.Environment.ApplicationName)
                .AddSource("Notifications.*")
                .AddAspNetCoreInstrumentation(options => options.Filter = context =>
                    !context.Request.Path.StartsWithSegments(HealthPath) && !context.Request.Path.StartsWithSegments(AlivePath))
                .AddHttpClientInstrumentation());
        }

        var scrapePort = ScrapePort(builder.Configuration);
        if (hasReceiver || scrapePort is not null)
        {
            builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddMeter("Notifications.*"));
        }

        if (scrapePort is { } port)
        {
            builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddPrometheusHttpListener(options =>
            {
                options.Port = port;
                options.Host = builder.Configuration[PrometheusHost] is { Length: > 0 } host ? host : options.Host;
                // A scrape returns present values. By default they may be a moment old.
                options.ScrapeResponseCacheDurationMilliseconds = 0;
            }));
        }

        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> and <c>/alive</c>. <c>/health</c> is healthy when every check passes: send
    /// traffic. <c>/alive</c> is healthy when the process answers: do not restart it.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealthChecks(HealthPath).AllowAnonymous();
        app.MapHealthChecks(AlivePath, new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") }).AllowAnonymous();
        return app;
    }

    private static ushort? ScrapePort(IConfiguration configuration)
    {
        var value = configuration[PrometheusPort];
        return string.IsNullOrWhiteSpace(value) ? null
            : ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0 ? port
            : throw new InvalidOperationException($"{PrometheusPort} is \"{value}\" and has to be a port from 1 to 65535, such as 9464. Leave it out for no scraping.");
    }

    /// <summary>
    /// Samples every trace except traces that begin with a call to another service. Those are heartbeats and polls: every process makes them each
    /// second, and they would hide the traces of requests. Within a request the same calls are spans as usual.
    /// </summary>
    private sealed class NoHousekeeping : Sampler
    {
        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
            new(samplingParameters.Kind == ActivityKind.Client ? SamplingDecision.Drop : SamplingDecision.RecordAndSample);
    }
}
