using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using Notifications.Testing.Clusters;
using Notifications.Messaging;
using Notifications.Tests.Gateway;
using Notifications.Tests.Hub;
using Notifications.Tests.Messaging;
using Notifications.Tests.Orders;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Telemetry;

/// <summary>docs/operate.md has every metric that the services make, and its alerts look at no other.</summary>
public sealed partial class DocumentedMetricsTests : IAsyncLifetime
{
    private const string OwnPrefix = "notifications.";
    private const string ScrapePort = "OTEL_EXPORTER_PROMETHEUS_PORT";

    private static readonly string Page = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Programs.Solution)!, "docs", "operate.md"));

    private readonly RedisServers _servers = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _servers.DisposeAsync();

    [Fact]
    public async Task The_page_has_all_metrics_with_their_units_and_the_alerts_their_names_in_Prometheus()
    {
        var instruments = new ConcurrentDictionary<string, Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name.StartsWith("Notifications.", StringComparison.Ordinal) && instrument.Name.StartsWith(OwnPrefix, StringComparison.Ordinal))
                {
                    instruments[instrument.Name] = instrument;
                }
            },
        };
        listener.Start();
        var redis = await _servers.GetAsync(RedisKind.Garnet);
        using var database = OrderDatabase.NewFile();
        var (port, gatewayPort) = (FreePorts.Next(), FreePorts.Next());
        await using var orders = await OrderServiceHost.StartAsync(redis.ConnectionString, database.ConnectionString);
        await using var hub = await HubHost.StartAsync(redis.ConnectionString, (ScrapePort, port.ToString(CultureInfo.InvariantCulture)));
        await using var gateway = await RunningGateway.StartAsync(shared: redis, settings: new() { [ScrapePort] = gatewayPort.ToString(CultureInfo.InvariantCulture) });
        await using var messaging = TestMessaging.On(redis.Connection);

        var documented = Rows().Matches(Page).ToDictionary(row => row.Groups["name"].Value, row => row.Groups["unit"].Value);
        // Other tests of this process make meters too, such as one of a scrape.
        var made = instruments.Where(instrument => instrument.Value.Meter.Name != "Notifications.Scraped")
            .ToDictionary(instrument => instrument.Key, instrument => instrument.Value.Unit?.Trim('{', '}') ?? "");
        Assert.Equal(made.OrderBy(metric => metric.Key, StringComparer.Ordinal), documented.OrderBy(metric => metric.Key, StringComparer.Ordinal));

        var inPrometheus = instruments.Values.Select(NameInPrometheus).ToHashSet();
        var alerts = Alerts().Match(Page).Value;
        Assert.NotEmpty(Names().Matches(alerts));
        Assert.All(Names().Matches(alerts), name => Assert.Contains(name.Value, inPrometheus));

        // That these are their names there.
        var user = RedisServers.Unique("user");
        await using var client = await hub.ConnectAsync(user);
        await messaging.PublishAsync(StreamName.User(user), 1);
        await Eventually.True(() => client.Received.Count == 1, "the notification");
        using var http = new HttpClient();
        Assert.Contains("draining=\"false\"", await http.GetStringAsync(new Uri($"http://localhost:{gatewayPort}/metrics")), StringComparison.Ordinal);
        var scraped = await http.GetStringAsync(new Uri($"http://localhost:{port}/metrics"));
        Assert.All(
            (string[])["notifications_live_feed", "notifications_lag_seconds", "notifications_delivered_total", "notifications_connections", "notifications_latency_seconds_bucket"],
            name => Assert.Contains($"\n{name}{{", scraped, StringComparison.Ordinal));
    }

    private static string NameInPrometheus(Instrument instrument)
    {
        var type = instrument.GetType().GetGenericTypeDefinition();
        return instrument.Name.Replace('.', '_')
            + (instrument.Unit == "s" ? "_seconds" : "")
            + (type == typeof(Counter<>) ? "_total" : type == typeof(Histogram<>) ? "_bucket" : "");
    }

    [GeneratedRegex(@"^\| `(?<name>notifications\.[a-z_.]+)` \| (?<unit>[a-z]*) ?\|", RegexOptions.Multiline)]
    private static partial Regex Rows();

    [GeneratedRegex("```yaml\n.*?```", RegexOptions.Singleline)]
    private static partial Regex Alerts();

    [GeneratedRegex("notifications_[a-z_]+")]
    private static partial Regex Names();
}
