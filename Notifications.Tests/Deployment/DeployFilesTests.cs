using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Notifications.Testing.Clusters;
using Xunit;

namespace Notifications.Tests.Deployment;

/// <summary>The files for Docker Compose and Kubernetes, which people edit, as far as they can be checked without an engine and a cluster.</summary>
public sealed partial class DeployFilesTests
{
    /// <summary>The images listen on it: <c>ImageTests</c>.</summary>
    private const string Port = "8080";

    private static readonly string[] Compose = ["docs", "deploy", "compose", "docker-compose.yaml"];
    private static readonly string[] Chart = ["docs", "deploy", "kubernetes"];

    public static TheoryData<string> Services => [.. ServiceSettings.Services.Keys];

    [Theory]
    [MemberData(nameof(Services))]
    public void Compose_sets_what_a_service_needs_and_nothing_that_it_does_not_read(string service) =>
        AssertRead(service, ComposeService(service)["environment"]!.AsObject().Select(variable => variable.Key));

    [Theory]
    [MemberData(nameof(Services))]
    public void The_chart_sets_what_a_service_needs_and_nothing_that_it_does_not_read(string service)
    {
        var container = ChartContainer(service);
        var secret = ChartResource(service, "Secret");
        Assert.Equal([(string?)secret["metadata"]!["name"]], container["envFrom"]!.AsArray().Select(source => (string?)source!["secretRef"]!["name"]));
        AssertRead(service, container["env"]!.AsArray().Select(variable => (string)variable!["name"]!).Concat(secret["stringData"]!.AsObject().Select(variable => variable.Key)));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Both_take_the_image_that_dotnet_publish_makes(string service)
    {
        var image = ServiceSettings.Services[service].Project.ToLowerInvariant().Replace('.', '-') + ":latest";
        Assert.Equal($"${{{service.ToUpperInvariant()}_IMAGE:-{image}}}", (string?)ComposeService(service)["image"]);
        Assert.Equal($"{{{{ .Values.{service}.image | quote }}}}", (string?)ChartContainer(service)["image"]);
        Assert.Equal(image, (string?)Values()[service]!["image"]);
    }

    [Theory]
    [InlineData("hub", 3, 60)]
    [InlineData("orders", 1, 45)]
    [InlineData("gateway", 1, 120)]
    public void Both_have_the_replicas_and_the_grace_of_Container_Apps(string service, int replicas, int graceSeconds)
    {
        var compose = ComposeService(service);
        Assert.Equal(($"{replicas}", $"{graceSeconds}s"), ((string?)compose["deploy"]!["replicas"], (string?)compose["stop_grace_period"]));
        Assert.Equal($"{replicas}", (string?)Values()[service]!["replicas"]);
        Assert.Equal($"{graceSeconds}", (string?)ChartPod(service)["terminationGracePeriodSeconds"]);
    }

    [Fact]
    public void A_hub_has_the_drain_window_of_Container_Apps()
    {
        const string Window = "00:00:30";
        Assert.Equal(Window, (string?)ComposeService("hub")["environment"]!["Instance__DrainWindow"]);
        Assert.Equal(Window, (string?)ChartContainer("hub")["env"]!.AsArray().Single(variable => (string?)variable!["name"] == "Instance__DrainWindow")!["value"]);
    }

    [Fact]
    public void The_gateway_calls_services_that_are_there()
    {
        var compose = ComposeService("gateway")["environment"]!;
        var chart = ChartContainer("gateway")["env"]!.AsArray().ToDictionary(variable => (string)variable!["name"]!, variable => (string?)variable!["value"]);
        foreach (var service in (string[])["hub", "orders"])
        {
            var (variable, address) = ($"services__{service}__http__0", $"http://{service}:{Port}");
            Assert.Equal((address, address), ((string?)compose[variable], chart[variable]));
            // A service of Compose has its own name as host name.
            Assert.NotNull(ComposeService(service));
            Assert.Equal((service, Port), ((string?)ChartResource(service, "Service")["metadata"]!["name"], (string?)ChartResource(service, "Service")["spec"]!["ports"]![0]!["port"]));
        }
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void The_charts_services_find_their_pods(string service)
    {
        var deployment = ChartResource(service, "Deployment")["spec"]!;
        var labels = deployment["template"]!["metadata"]!["labels"]!.ToJsonString();
        Assert.Equal(labels, deployment["selector"]!["matchLabels"]!.ToJsonString());
        Assert.Equal(labels, ChartResource(service, "Service")["spec"]!["selector"]!.ToJsonString());

        var port = ChartContainer(service)["ports"]!.AsArray().Single()!;
        Assert.Equal(("http", Port), ((string?)port["name"], (string?)port["containerPort"]));
        Assert.Equal("http", (string?)ChartResource(service, "Service")["spec"]!["ports"]![0]!["targetPort"]);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void The_charts_probes_are_those_that_the_services_have(string service)
    {
        var container = ChartContainer(service);
        JsonNode[] probes = [container["startupProbe"]!, container["readinessProbe"]!, container["livenessProbe"]!];
        Assert.Equal([ProbePaths.Alive, ProbePaths.Health, ProbePaths.Alive], probes.Select(probe => (string?)probe["httpGet"]!["path"]));
        Assert.All(probes, probe => Assert.Contains((string?)probe["httpGet"]!["path"], ProbePaths.Mapped));
        Assert.All(probes, probe => Assert.Equal("http", (string?)probe["httpGet"]!["port"]));
        // Kubernetes refuses 0, which is no default either.
        Assert.All(probes, probe => Assert.NotEqual("0", (string?)probe["successThreshold"]));
    }

    [Fact]
    public void The_charts_autoscaler_is_the_hubs()
    {
        var scaler = ChartResource("hub", "HorizontalPodAutoscaler")["spec"]!;
        Assert.Equal((string?)ChartResource("hub", "Deployment")["metadata"]!["name"], (string?)scaler["scaleTargetRef"]!["name"]);
        Assert.Equal(("{{ .Values.hub.replicas }}", "50"), ((string?)scaler["minReplicas"], (string?)Values()["hub"]!["maxReplicas"]));
        Assert.Equal("60", (string?)scaler["metrics"]![0]!["resource"]!["target"]!["averageUtilization"]);
        // A number of its own would take back, at each upgrade, what the autoscaler has set.
        Assert.Null(ChartResource("hub", "Deployment")["spec"]!["replicas"]);
    }

    [Fact]
    public void The_chart_reads_all_of_its_values_and_no_others()
    {
        var read = ServiceSettings.Services.Keys
            .SelectMany(service => ChartFile(service).Expressions)
            .SelectMany(expression => ValueName().Matches(expression)).Select(match => match.Groups["name"].Value);
        Assert.Equal(Leaves(Values(), "").Order(), read.Distinct().Order());
    }

    [Fact]
    public void Every_file_of_the_chart_is_checked() =>
        Assert.Equal(
            ServiceSettings.Services.Keys.Select(service => $"{service}.yaml").Order(),
            Directory.EnumerateFiles(Programs.InRepository([.. Chart, "templates"]), "*", SearchOption.AllDirectories).Select(Path.GetFileName).Order());

    [Fact]
    public void Compose_reads_all_variables_of_the_example_and_no_others()
    {
        var read = ComposeVariable().Matches(File.ReadAllText(Programs.InRepository(Compose))).Select(match => match.Groups["name"].Value);
        var listed = File.ReadLines(Programs.InRepository("docs", "deploy", "compose", ".env.example"))
            .Select(line => ExampleLine().Match(line)).Where(match => match.Success).Select(match => match.Groups["name"].Value);
        Assert.Equal(listed.Order(), read.Distinct().Order());
    }

    [Fact]
    public void Compose_takes_released_images_and_publishes_the_gateway_alone()
    {
        var services = TemplatedYaml.Read(Compose).Documents.Single()["services"]!.AsObject();
        var images = services.Select(service => (string)service.Value!["image"]!).Where(image => !image.StartsWith('$'));
        Assert.All(images, image => Assert.Matches(@"^(?!.*nightly)[^:]+:\d+\.\d+(\.\d+)?$", image));
        Assert.Equal(
            [("gateway", $"8080:{Port}"), ("dashboard", "127.0.0.1:18888:18888")],
            services.Where(service => service.Value!["ports"] is not null).Select(service => (service.Key, (string)service.Value!["ports"]!.AsArray().Single()!)));
    }

    private static void AssertRead(string service, IEnumerable<string> variables)
    {
        string[] names = [.. variables];
        Assert.Superset(ServiceSettings.Services[service].Needed.ToHashSet(), names.ToHashSet());
        Assert.All(names, name => Assert.True(ServiceSettings.IsRead(service, name), $"{service} does not read {name}."));
    }

    private static JsonNode ComposeService(string service) => TemplatedYaml.Read(Compose).Documents.Single()["services"]![service]!;

    private static TemplatedYaml ChartFile(string service) => TemplatedYaml.Read([.. Chart, "templates", $"{service}.yaml"]);

    private static JsonNode ChartResource(string service, string kind) => ChartFile(service).Documents.Single(document => (string?)document["kind"] == kind);

    private static JsonNode ChartPod(string service) => ChartResource(service, "Deployment")["spec"]!["template"]!["spec"]!;

    private static JsonNode ChartContainer(string service) => ChartPod(service)["containers"]!.AsArray().Single()!;

    private static JsonNode Values() => TemplatedYaml.Read([.. Chart, "values.yaml"]).Documents.Single();

    private static IEnumerable<string> Leaves(JsonNode? node, string path) => node is JsonObject mapping
        ? mapping.SelectMany(pair => Leaves(pair.Value, path.Length == 0 ? pair.Key : $"{path}.{pair.Key}"))
        : [path];

    [GeneratedRegex(@"\.Values\.(?<name>[\w.]+)")]
    private static partial Regex ValueName();

    [GeneratedRegex(@"(?<!\$)\$\{(?<name>\w+)")]
    private static partial Regex ComposeVariable();

    [GeneratedRegex(@"^(# )?(?<name>[A-Z_]+)=")]
    private static partial Regex ExampleLine();
}
