using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Notifications.Testing.Clusters;
using Notifications.Tests.Redis;
using Notifications.Tests.Tokens;
using Notifications.Tests.WholeSystem;
using Xunit;

namespace Notifications.Tests.Hosting;

/// <summary>What the person who starts the AppHost sees of its beginning and its end.</summary>
[Collection(OwnSystem.Name)]
public sealed partial class AppHostProcessTests : IDisposable
{
    private static readonly TimeSpan RefusalLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(40);
    /// <summary>The orchestrator gives the processes up to 18 s after the AppHost has gone.</summary>
    private static readonly TimeSpan OrphanLimit = TimeSpan.FromSeconds(40);

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("notifications-apphost-");

    [Fact]
    public async Task A_taken_port_ends_the_start_with_one_line_that_names_it_and_the_remedy()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

        foreach (var key in (string[])["GATEWAY_PORT", "DASHBOARD_PORT"])
        {
            Assert.Equal(
                $"Port {port} is taken by another process, and {key} has to name a free one. Stop that process, or set {key} to another port, or to 0 for any free one.",
                await RefusalAsync((key, port)));
        }
    }

    [Fact]
    public async Task A_configured_Redis_that_does_not_answer_ends_the_start_with_one_line()
    {
        var address = $"localhost:{FreePorts.Next()}";

        var refusal = await RefusalAsync(("ConnectionStrings__redis", $"{address},password=secret"));

        Assert.StartsWith($"The Redis at \"{address}\" (ConnectionStrings:redis) did not answer", refusal);
        Assert.DoesNotContain("secret", refusal);
    }

    [Theory]
    [InlineData("Garnet", "Redis:Kind is \"Garnet\" and has to be one of Configured, Container, Server, Embedded, or be left out.")]
    [InlineData("1", "Redis:Kind is \"1\" and has to be one of Configured, Container, Server, Embedded, or be left out.")]
    [InlineData("Configured", "Redis:Kind is Configured, and ConnectionStrings:redis is not set. Set it, or remove Redis:Kind to run on whatever this machine has.")]
    public async Task A_kind_of_Redis_that_is_none_or_not_possible_ends_the_start_with_one_line(string kind, string refusal) =>
        Assert.Equal(refusal, await RefusalAsync(("Redis__Kind", kind)));

    [Fact]
    public async Task A_kind_of_Redis_that_is_not_installed_ends_the_start_with_one_line() => Assert.Equal(
        "Redis:Kind is Server, and neither redis-server nor valkey-server is on PATH. Install one, on Debian with apt-get install redis-server, or remove Redis:Kind to run on whatever this machine has.",
        await RefusalAsync(("Redis__Kind", "Server"), ("PATH", _data.FullName)));

    [Fact]
    public async Task Sigterm_ends_every_process_and_embedded_Redis_last()
    {
        await using var appHost = AppHostProcess.Start(("Redis__Kind", "Embedded"));
        await appHost.WaitUntilRunningAsync();
        Assert.Matches(@"(?m)^Redis: +Garnet inside the AppHost on 127\.0\.0\.1:\d+, in memory only, because Redis:Kind says so$", appHost.Output);
        var started = appHost.Descendants();
        Assert.NotEmpty(started);

        appHost.Terminate();

        Assert.Equal(0, await appHost.WaitForExitAsync(StopLimit));
        await Eventually.True(() => !started.Any(AppHostProcess.IsRunning), "every process that the AppHost started to end", OrphanLimit);
    }

    [FactWithRedisServer]
    public async Task Redis_from_PATH_keeps_its_data_over_a_killed_AppHost_and_refuses_a_second_one()
    {
        var onThisData = ("Redis__DataDirectory", _data.FullName);
        string order;
        await using (var killed = AppHostProcess.Start(onThisData, ("Redis__Kind", "Server")))
        {
            await killed.WaitUntilRunningAsync();
            Assert.Contains($"with its data in {_data.FullName}, because Redis:Kind says so", killed.Output);
            order = await PlaceOrderAsync(killed);
            Assert.StartsWith($"Another AppHost runs its Redis on \"{_data.FullName}\"", await RefusalAsync(onThisData, ("Redis__Kind", "Server")));
            var started = killed.Descendants();
            Assert.NotEmpty(started);

            killed.Kill();

            await Eventually.True(() => !started.Any(AppHostProcess.IsRunning), "every process that the AppHost started to end", OrphanLimit);
        }

        await using var again = AppHostProcess.Start(onThisData, ("Redis__Kind", "Server"));
        await again.WaitUntilRunningAsync();
        Assert.Contains(order, await NotificationsAsync(again));
    }

    [Fact]
    public async Task A_replica_that_cannot_start_is_named_with_the_end_of_its_log()
    {
        await using var appHost = AppHostProcess.Start(("Redis__Kind", "Embedded"), ("Instance__RefreshInterval", "01:00:00"));

        await appHost.WaitForOutputAsync("did not start");
        await appHost.WaitForOutputAsync("The dashboard has all of it: http://localhost:");

        Assert.Matches(@"(?m)^  hub-\w+ did not start: \w+, exit code \d+\. The end of its log, without stack frames:$", appHost.Output);
        Assert.Matches(@"(?m)^    .*RefreshInterval", appHost.Output);
    }

    [Fact]
    public async Task With_a_Redis_and_an_issuer_of_ones_own_it_says_so_and_every_service_takes_the_issuers_tokens_alone()
    {
        await using var issuer = await OidcAuthority.StartAsync();
        await using var servers = new RedisProcesses();
        var redis = $"localhost:{(await servers.StartAsync()).EndPoint.Port}";
        await using var appHost = AppHostProcess.Start(("ConnectionStrings__redis", redis), ("HUB_REPLICAS", "1"), ("Authentication__Schemes__Bearer__Authority", issuer.Issuer));
        await appHost.WaitUntilRunningAsync();
        Assert.Contains($"{redis}, because ConnectionStrings:redis names it", appHost.Output, StringComparison.Ordinal);
        using var http = new HttpClient { BaseAddress = new Uri(DemoPage().Match(appHost.Output).Groups["address"].Value) };

        Assert.Equal(HttpStatusCode.NotFound, (await http.PostAsJsonAsync("/dev/token", new { user = "ann" })).StatusCode);
        http.DefaultRequestHeaders.Authorization = new("Bearer", issuer.Issue("ann"));
        foreach (var api in (string[])["/api/notifications", "/api/orders"])
        {
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(api)).StatusCode);
        }
    }

    public void Dispose() => _data.Delete(recursive: true);

    /// <returns>All that the AppHost says before it ends with exit code 1.</returns>
    private static async Task<string> RefusalAsync(params (string Name, string Value)[] environment)
    {
        await using var appHost = AppHostProcess.Start(environment);
        Assert.Equal(1, await appHost.WaitForExitAsync(RefusalLimit));
        return appHost.Output.Trim();
    }

    private static async Task<string> PlaceOrderAsync(AppHostProcess appHost)
    {
        using var user = await SignInAsync(appHost);
        var order = await user.PlaceOrderAsync();
        await Eventually.True(async () => (await NotificationsAsync(appHost)).Contains(order, StringComparison.Ordinal), "the order's notification to be in the log");
        return order;
    }

    private static async Task<string> NotificationsAsync(AppHostProcess appHost)
    {
        using var user = await SignInAsync(appHost);
        return await user.NotificationsAsync();
    }

    private static Task<SignedInUser> SignInAsync(AppHostProcess appHost) =>
        SignedInUser.CreateAsync(new HttpClient { BaseAddress = new Uri(DemoPage().Match(appHost.Output).Groups["address"].Value) }, "ann", []);

    [GeneratedRegex(@"^Demo page:\s+(?<address>\S+)", RegexOptions.Multiline)]
    private static partial Regex DemoPage();
}
