using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Notifications.Testing.Clusters;
using Xunit;

namespace Notifications.Tests.Deployment;

/// <summary>The manifest that azd has the AppHost write, and the templates by which azd makes a container app of each of its projects.</summary>
public sealed partial class ManifestTests
{
    private const string Port = "{{ targetPortOrDefault 8080 }}";
    private const string Domain = "{{ .Env.AZURE_CONTAINER_APPS_ENVIRONMENT_DEFAULT_DOMAIN }}";

    /// <summary>The scale rule by connections is only there with this variable.</summary>
    private const string ScalerToken = "index .Env \"AZURE_SCALER_TOKEN\"";

    /// <summary>The bicep outputs of azd that a template can use (resources.bicept), and the location, which azd asks for.</summary>
    private static readonly string[] Outputs =
    [
        "AZURE_CONTAINER_APPS_ENVIRONMENT_DEFAULT_DOMAIN", "AZURE_CONTAINER_APPS_ENVIRONMENT_ID", "AZURE_CONTAINER_REGISTRY_ENDPOINT",
        "AZURE_CONTAINER_REGISTRY_MANAGED_IDENTITY_ID", "AZURE_LOCATION",
    ];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly string Committed = Programs.InRepository("docs", "deploy", "aspire-manifest.json");

    public static TheoryData<string> Projects => [.. ServiceSettings.Services.Keys];

    // azd starts the AppHost with its launch profile, so in Development.
    [Theory]
    [InlineData("Production")]
    [InlineData("Development")]
    public async Task The_AppHost_writes_the_manifest_of_the_docs(string environment)
    {
        var directory = Directory.CreateTempSubdirectory("notifications-manifest-");
        try
        {
            var written = Path.Combine(directory.FullName, "aspire-manifest.json");
            await Programs.OutputAsync("env",
            [
                $"DOTNET_ENVIRONMENT={environment}", $"ASPNETCORE_ENVIRONMENT={environment}", "dotnet", Programs.Built("Notifications.AppHost"),
                "--operation", "publish", "--step", "publish-manifest", "--output-path", written,
            ]);
            Assert.Equal(WithFullPaths(Committed).ToJsonString(Indented), WithFullPaths(written).ToJsonString(Indented));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void Each_project_of_the_manifest_has_a_template_and_its_csproj()
    {
        var resources = ProjectResources();
        Assert.Equal(
            resources.Select(resource => $"{resource.Key}.tmpl.yaml").Order(),
            Directory.EnumerateFiles(Programs.InRepository("Notifications.AppHost", "infra")).Select(Path.GetFileName).Order());
        Assert.Equal(
            ServiceSettings.Services.ToDictionary(service => service.Key, service => Programs.InRepository(service.Value.Project, $"{service.Value.Project}.csproj")),
            resources.ToDictionary(resource => resource.Key, resource => (string)resource.Value!["path"]!));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_template_sets_the_manifests_variables_and_what_Container_Apps_needs(string project)
    {
        // Aspire sets each service's address twice, and HUB_HTTP and ORDERS_HTTP are read by nobody.
        var expected = ProjectResources()[project]!["env"]!.AsObject()
            .Where(variable => !variable.Key.EndsWith("_HTTP", StringComparison.Ordinal))
            .ToDictionary(variable => variable.Key, variable => OfAzd((string)variable.Value!));
        foreach (var (name, value) in Own(project))
        {
            expected.Add(name, value);
        }

        var variables = Container(project)["env"]!.AsArray().ToDictionary(
            variable => (string)variable!["name"]!,
            variable => (string?)variable!["secretRef"] is { } secret ? $"secret {Secrets(project)[secret]}" : (string)variable["value"]!);
        Assert.Equal(expected.OrderBy(variable => variable.Key), variables.OrderBy(variable => variable.Key));
        Assert.All(variables.Keys, variable => Assert.True(ServiceSettings.IsRead(project, variable), $"{project} does not read {variable}."));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_template_has_the_ingress_of_the_manifest(string project)
    {
        var binding = ProjectResources()[project]!["bindings"]!["http"]!;
        // With a port in it azd refuses the manifest: the ingress of an HTTP app has 80 and 443.
        Assert.Null(binding["port"]);
        var isExternal = (bool?)binding["external"] ?? false;

        var expected = new JsonObject
        {
            ["external"] = isExternal ? "true" : "false",
            ["targetPort"] = Port,
            ["transport"] = "http",
            ["allowInsecure"] = isExternal ? "false" : "true",
        };
        if (project == "hub")
        {
            expected["stickySessions"] = new JsonObject { ["affinity"] = "sticky" };
        }

        var configuration = Template(project)["properties"]!["configuration"]!;
        Assert.Equal("single", (string?)configuration["activeRevisionsMode"]);
        Assert.Equal(expected.ToJsonString(Indented), configuration["ingress"]!.ToJsonString(Indented));
    }

    [Theory]
    [InlineData("hub", 3, 50, 60)]
    [InlineData("orders", 1, 10, 45)]
    [InlineData("gateway", 1, 10, 120)]
    public void A_template_says_how_many_replicas_there_are_and_how_long_one_may_take_to_stop(string project, int least, int most, int graceSeconds)
    {
        var template = Template(project)["properties"]!["template"]!;
        var scale = template["scale"]!;
        Assert.Equal(
            ($"{least}", $"{most}", $"{graceSeconds}"),
            ((string?)scale["minReplicas"], (string?)scale["maxReplicas"], (string?)template["terminationGracePeriodSeconds"]));
        Assert.Equal(
            """{"name":"cpu","custom":{"type":"cpu","metadata":{"type":"Utilization","value":"60"}}}""",
            scale["rules"]![0]!.ToJsonString());
        Assert.Equal(project == "hub" ? ["cpu", "connections"] : ["cpu"], scale["rules"]!.AsArray().Select(rule => (string)rule!["name"]!));
    }

    [Fact]
    public void The_hub_can_be_scaled_by_the_connections_that_the_gateway_counts()
    {
        var rule = Template("hub")["properties"]!["template"]!["scale"]!["rules"]![1]!["custom"]!;
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["url"] = $"https://gateway.{Domain}/api/operator/connections",
                ["valueLocation"] = "connections",
                ["targetValue"] = "5000",
                ["authMode"] = "bearer",
            },
            rule["metadata"].Deserialize<Dictionary<string, string>>());
        Assert.Equal("metrics-api", (string?)rule["type"]);
        Assert.Equal(("scaler-token", "token"), ((string?)rule["auth"]![0]!["secretRef"], (string?)rule["auth"]![0]!["triggerParameter"]));
        Assert.Equal(Quoted(ScalerToken), Secrets("hub")["scaler-token"]);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_template_asks_the_probes_that_the_services_have(string project)
    {
        var probes = Container(project)["probes"]!.AsArray();
        Assert.Equal(
            [("Startup", ProbePaths.Alive, Port), ("Readiness", ProbePaths.Health, Port), ("Liveness", ProbePaths.Alive, Port)],
            probes.Select(probe => ((string?)probe!["type"], (string?)probe["httpGet"]!["path"], (string?)probe["httpGet"]!["port"])));
        Assert.All(probes, probe => Assert.Contains((string?)probe!["httpGet"]!["path"], ProbePaths.Mapped));
        Assert.All(probes, probe => Assert.InRange(int.Parse((string)probe!["failureThreshold"]!), 1, 10));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_template_has_only_expressions_that_azd_knows(string project)
    {
        string[] known =
        [
            ".Image", Port.Trim('{', '}', ' '), .. Outputs.Select(output => $".Env.{output}"),
            .. Parameters().Select(parameter => Quoted(parameter.Value)).Select(expression => expression.Trim('{', '}', ' ')),
            $"if {ScalerToken}", Quoted(ScalerToken).Trim('{', '}', ' '), "end",
        ];
        var expressions = TemplatedYaml.Read("Notifications.AppHost", "infra", $"{project}.tmpl.yaml").Expressions;
        Assert.Subset(known.ToHashSet(), expressions.ToHashSet());
        Assert.Equal(expressions.Count(expression => expression.StartsWith("if ", StringComparison.Ordinal)), expressions.Count(expression => expression == "end"));
        Assert.Equal(Secrets(project).Keys.Order(), SecretReferences(Template(project)).Distinct().Order());
        Assert.Equal(project, (string?)Container(project)["name"]);
        Assert.Equal(project, (string?)Template(project)["tags"]!["azd-service-name"]);
    }

    /// <summary>A variable's value as azd makes it of the manifest's, which names parameters, bindings and connection strings in braces.</summary>
    private static string OfAzd(string value)
    {
        if (!Reference().IsMatch(value))
        {
            return value;
        }

        var (resource, property) = (Reference().Match(value).Groups["resource"].Value, Reference().Match(value).Groups["property"].Value);
        return property switch
        {
            "bindings.http.targetPort" => Port,
            "bindings.http.url" => $"http://{resource}.internal.{Domain}",
            _ when IsSecret(resource) => $"secret {Quoted(Parameters()[resource])}",
            _ => Quoted(Parameters()[resource]),
        };
    }

    private static IEnumerable<(string Name, string Value)> Own(string project) => project switch
    {
        "hub" => [("Instance__DrainWindow", "00:00:30")],
        "gateway" => [("Gateway__Hubs", "Endpoint"), ("Gateway__KnownNetworks__0", "0.0.0.0/0"), ("Gateway__KnownNetworks__1", "::/0")],
        _ => [],
    };

    /// <summary>By <c>%q</c> a value may have any character, quotes too.</summary>
    private static string Quoted(string expression) => $"{{{{ {expression} | printf \"%q\" }}}}";

    /// <summary>Each parameter of the manifest with azd's call for it.</summary>
    private static Dictionary<string, string> Parameters() => Resources("parameter.v0").ToDictionary(
        parameter => parameter.Key,
        parameter => $"{(IsSecret(parameter.Key) ? "securedParameter" : "parameter")} \"{parameter.Key.Replace('-', '_')}\"");

    private static bool IsSecret(string parameter) => (bool?)Resources("parameter.v0")[parameter]!["inputs"]!["value"]!["secret"] ?? false;

    private static JsonObject ProjectResources() => Resources("project.v0");

    private static JsonObject Resources(string type) => new(
        from resource in WithFullPaths(Committed)["resources"]!.AsObject()
        where (string?)resource.Value!["type"] == type
        select KeyValuePair.Create(resource.Key, (JsonNode?)resource.Value!.DeepClone()));

    private static JsonNode WithFullPaths(string manifest)
    {
        var read = JsonNode.Parse(File.ReadAllText(manifest))!;
        foreach (var (_, resource) in read["resources"]!.AsObject())
        {
            if ((string?)resource!["path"] is { } path)
            {
                resource["path"] = Path.GetFullPath(path, Path.GetDirectoryName(manifest)!);
            }
        }

        return read;
    }

    private static JsonNode Template(string project) => TemplatedYaml.Read("Notifications.AppHost", "infra", $"{project}.tmpl.yaml").Documents.Single();

    private static JsonNode Container(string project) => Template(project)["properties"]!["template"]!["containers"]!.AsArray().Single()!;

    private static Dictionary<string, string> Secrets(string project) => Template(project)["properties"]!["configuration"]!["secrets"]!.AsArray()
        .ToDictionary(secret => (string)secret!["name"]!, secret => (string)secret!["value"]!);

    private static IEnumerable<string> SecretReferences(JsonNode? node) => node switch
    {
        JsonObject mapping => mapping.SelectMany(pair => pair.Key == "secretRef" ? [(string)pair.Value!] : SecretReferences(pair.Value)),
        JsonArray sequence => sequence.SelectMany(SecretReferences),
        _ => [],
    };

    [GeneratedRegex(@"^\{(?<resource>[\w-]+)\.(?<property>[\w.-]+)\}$")]
    private static partial Regex Reference();
}
