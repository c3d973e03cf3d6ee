using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Notifications.Testing.Clusters;
using Xunit;

namespace Notifications.Tests.Telemetry;

public sealed class PrometheusTests
{
    [Fact]
    public async Task Metrics_can_be_scraped_at_the_port_that_is_configured()
    {
        var port = FreePorts.Next();
        await using var service = Service($"{port}");
        await service.StartAsync();
        using var meter = service.Services.GetRequiredService<IMeterFactory>().Create("Notifications.Scraped");
        meter.CreateCounter<long>("notifications.scraped").Add(3);

        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri($"http://localhost:{port}/metrics"));

        Assert.Contains(text.Split('\n'), line => line.StartsWith("notifications_scraped_total{", StringComparison.Ordinal) && line.EndsWith(" 3", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("metrics")]
    public void A_port_that_is_none_is_refused_at_the_start(string port)
    {
        var error = Assert.Throws<InvalidOperationException>(() => Service(port));
        Assert.Equal($"OTEL_EXPORTER_PROMETHEUS_PORT is \"{port}\" and has to be a port from 1 to 65535, such as 9464. Leave it out for no scraping.", error.Message);
    }

    private static WebApplication Service(string port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["OTEL_EXPORTER_PROMETHEUS_PORT"] = port;
        builder.AddServiceDefaults();
        return builder.Build();
    }
}
