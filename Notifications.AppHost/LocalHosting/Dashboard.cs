using Notifications.AppHost;

namespace Aspire.Hosting;

/// <summary>Aspire's dashboard, standalone, where there is an <c>aspire</c> command: <c>./run</c> installs one by npm.</summary>
internal sealed class Dashboard : ProcessResource
{
    /// <summary>Where services send telemetry. With a dashboard of our own it is that one's address, on a free port.</summary>
    private const string OtlpKey = "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL";
    private static readonly string Tools = Path.GetFullPath(Path.Combine(AppHostAssembly.Directory, "..", ".tools"));
    private static readonly string OwnDirectory = Path.Combine(Tools, "node_modules", "@microsoft", "aspire-cli-linux-x64", "bin");

    private readonly string _command;
    private readonly string _otlpGrpc;
    private readonly string _otlpHttp;

    private Dashboard(string command, int? port, string otlpGrpc, string otlpHttp) : base("dashboard")
    {
        (_command, _otlpGrpc, _otlpHttp) = (command, otlpGrpc, otlpHttp);
        Endpoint = new HttpEndpoint { Port = port, External = true };
        HealthPath = "/";
        Environment.Add((environment, _) =>
        {
            environment["NO_COLOR"] = "1";
            if (command.StartsWith(Tools, StringComparison.Ordinal))
            {
                // It unpacks itself below its home, 150 MB that are none of the user's.
                environment["HOME"] = Directory.CreateDirectory(Path.Combine(Tools, "home")).FullName;
            }

            return ValueTask.CompletedTask;
        });
    }

    public static void Add(DistributedApplicationBuilder builder)
    {
        if (FindCommand() is not { } command)
        {
            builder.Announce("Dashboard", "none, because there is no aspire command on PATH or in .tools; ./run installs it where npm is");
            return;
        }

        var ports = FreePorts.Take(2);
        var otlpGrpc = builder.Configuration[OtlpKey] = $"http://localhost:{ports[0]}";
        var dashboard = new Dashboard(command, builder.OuterPort("DASHBOARD_PORT", 18888), otlpGrpc, $"http://localhost:{ports[1]}");
        builder.AddResource(dashboard);
        builder.Announce("Dashboard", () => dashboard.Endpoint!.Address.ToString().TrimEnd('/'));
    }

    internal override (string Command, IReadOnlyList<string> Arguments, string WorkingDirectory) CommandFor(ReplicaContext replica) =>
        (_command,
        [
            "dashboard", "run", "--nologo", "--non-interactive", "--allow-anonymous", "--frontend-url", replica.Address!.ToString().TrimEnd('/'),
            "--otlp-grpc-url", _otlpGrpc, "--otlp-http-url", _otlpHttp,
        ], AppHostAssembly.Directory);

    private static string? FindCommand() =>
        (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Prepend(OwnDirectory)
            .Select(directory => Path.Combine(directory, "aspire")).FirstOrDefault(File.Exists);
}
