using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Notifications.Testing.Clusters;
using Notifications.Tests.Hosting;
using Notifications.Tests.Redis;
using Notifications.Tests.Tokens;
using Notifications.Tests.WholeSystem;
using Xunit;

namespace Notifications.Tests.Deployment;

/// <summary>The files of docs/adopt.md, written out as a reader would, built and run. Its projects reference this repository's as they were built for the tests.</summary>
[Collection(OwnSystem.Name)]
public sealed partial class AdoptTests(RedisServers servers) : IClassFixture<RedisServers>, IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-adopt-");
    private readonly Watchdog _watchdog = new();
    private readonly HttpClient _http = new();
    private readonly List<AdoptedProgram> _programs = [];

    [FactWithRedisServer]
    public async Task A_service_and_a_client_from_the_page_work_with_the_system_as_run_starts_it()
    {
        var redis = await servers.GetAsync(RedisKind.RedisServer);
        await BuildAsync("Shop");
        await BuildAsync("Watch");
        await using var appHost = AppHostProcess.Start(("ConnectionStrings__redis", redis.ConnectionString));
        await appHost.WaitUntilRunningAsync();
        var gateway = DemoPage().Match(appHost.Output).Groups["address"].Value;

        var shop = await StartAsync("Shop", [], new() { ["ConnectionStrings__redis"] = redis.ConnectionString });
        var watch = await StartAsync("Watch", [gateway, "anna"], []);
        await Eventually.True(() => watch.Output.Contains("Connected"), "the client to connect");
        var first = await ArrivedAsync(shop, 17);
        var again = await ArrivedAsync(shop, 17);
        Assert.Equal((false, true), (first.GetProperty("duplicate").GetBoolean(), again.GetProperty("duplicate").GetBoolean()));
        await Eventually.True(() => watch.Output.Contains("""PARCEL_ARRIVED {"parcel":"17"}"""), "the client to get it");

        // What arrives while it is away is there when it is back.
        await watch.KillAsync();
        await ArrivedAsync(shop, 18);
        await watch.StartAsync(CancellationToken.None);
        await Eventually.True(() => watch.Output.Contains("""PARCEL_ARRIVED {"parcel":"18"}"""), "the client to get what it missed");
        // At least once: killed, it may not have acknowledged the first one yet.
        Assert.Equal(
            ["""PARCEL_ARRIVED {"parcel":"17"}""", """PARCEL_ARRIVED {"parcel":"18"}"""],
            watch.Output.Where(line => line.StartsWith("PARCEL_ARRIVED", StringComparison.Ordinal)).Distinct());
    }

    [FactWithRedisServer]
    public async Task A_hub_of_ones_own_from_the_page_takes_the_issuers_tokens_decides_who_reads_a_topic_and_sends_messages_of_its_own()
    {
        var redis = await servers.GetAsync(RedisKind.RedisServer);
        await using var issuer = await OidcAuthority.StartAsync();
        await BuildAsync("OwnHub");
        var hub = await StartAsync("OwnHub", [], new()
        {
            ["ConnectionStrings__redis"] = redis.ConnectionString,
            ["Authentication__Schemes__Bearer__Authority"] = issuer.Issuer,
            // An issuer without https.
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
        });

        await using var customer = await HubClient.ConnectAsync(hub.Address, http => http.AccessTokenProvider = () => Task.FromResult<string?>(issuer.Issue("anna")));
        await using var staff = await HubClient.ConnectAsync(hub.Address, http => http.AccessTokenProvider = () => Task.FromResult<string?>(issuer.Issue("sam", roles: ["staff"])));
        await customer.InvokeAsync("Subscribe", "topic:offers", null);
        await staff.InvokeAsync("Subscribe", "topic:warehouse", null);
        var refused = await Assert.ThrowsAsync<HubException>(() => customer.InvokeAsync("Subscribe", "topic:warehouse", null));
        Assert.Contains("You may not read the stream topic:warehouse.", refused.Message);

        await using var watcher = new HubConnectionBuilder()
            .WithUrl(new Uri(hub.Address, "/hubs/prices"), http => http.AccessTokenProvider = () => Task.FromResult<string?>(issuer.Issue("anna")))
            .Build();
        var price = new TaskCompletionSource<string>();
        watcher.On<string, decimal>("price", (product, now) => price.TrySetResult($"{product} {now}"));
        await watcher.StartAsync();
        await watcher.InvokeAsync("Watch", "teapot");
        using var change = new HttpRequestMessage(HttpMethod.Put, new Uri(hub.Address, "/prices/teapot?price=12"));
        change.Headers.Authorization = new("Bearer", issuer.Issue("shop", roles: ["publisher"]));
        using var changed = await _http.SendAsync(change);
        Assert.True(changed.IsSuccessStatusCode, $"{changed.StatusCode}");
        Assert.Equal("teapot 12", await price.Task.WaitAsync(TimeSpan.FromSeconds(15)));
    }

    public Task InitializeAsync()
    {
        var page = File.ReadAllText(Programs.InRepository("docs", "adopt.md"));
        foreach (Match file in CodeBlock().Matches(page))
        {
            var path = Path.Combine(_directory.FullName, file.Groups["path"].Value);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, file.Groups["text"].Value.Replace("../notifications/", Programs.InRepository() + "/", StringComparison.Ordinal));
        }

        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (var program in _programs)
        {
            await program.DisposeAsync();
        }

        _watchdog.Dispose();
        _http.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task BuildAsync(string project)
    {
        // Without those that it references: other tests are running from them.
        await Programs.OutputAsync("dotnet",
            ["build", Path.Combine(_directory.FullName, project), "-p:BuildProjectReferences=false", .. ThisBuild.Options]);
    }

    private async Task<AdoptedProgram> StartAsync(string project, string[] arguments, Dictionary<string, string> settings)
    {
        var program = new AdoptedProgram(project, Path.Combine(_directory.FullName, project, "bin", ThisBuild.Configuration, "net10.0", $"{project}.dll"), arguments, settings, _http, _directory, _watchdog);
        _programs.Add(program);
        await program.StartAsync(CancellationToken.None);
        return program;
    }

    private async Task<JsonElement> ArrivedAsync(AdoptedProgram shop, int parcel)
    {
        using var answer = await _http.PostAsync(new Uri(shop.Address, $"/parcels/{parcel}/arrived?customer=anna"), null);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>A block whose first line names its language and its file.</summary>
    [GeneratedRegex(@"^```\w+ (?<path>\S+)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^Demo page:\s+(?<address>\S+)", RegexOptions.Multiline)]
    private static partial Regex DemoPage();

    /// <summary>A program of the page. Every one gets an address; that the watcher has no use for it does no harm.</summary>
    private sealed class AdoptedProgram(
        string name, string assembly, string[] arguments, Dictionary<string, string> settings, HttpClient http, DirectoryInfo directory, Watchdog watchdog)
        : ServerProcess(name, directory, watchdog)
    {
        public Uri Address { get; } = new($"http://localhost:{FreePorts.Next()}");

        public string[] Output => File.Exists(LogFile) ? File.ReadAllLines(LogFile) : [];

        protected override IEnumerable<string> Command() => ["dotnet", assembly, .. arguments];

        protected override IEnumerable<(string Variable, string Value)> Environment() =>
            [.. settings.Select(setting => (setting.Key, setting.Value)), ("ASPNETCORE_URLS", Address.OriginalString)];

        protected override async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
        {
            if (Name == "Watch")
            {
                return Output.Contains("Connected");
            }

            try
            {
                // Any answer: the shop has no health check.
                using var answer = await http.GetAsync(new Uri(Address, "/health"), cancellationToken);
                return answer.IsSuccessStatusCode || Name == "Shop";
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }
}
