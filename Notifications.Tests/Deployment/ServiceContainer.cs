using System.Net;
using System.Text.Json;
using Notifications.Testing.Clusters;

namespace Notifications.Tests.Deployment;

/// <summary>
/// An image as an engine would start it, but for the network, which is this machine's: its root directory, read-only but for <c>/tmp</c> to
/// the user, and its user, variables and entry point.
/// </summary>
internal sealed class ServiceContainer(
    string name, ServiceImage image, int port, IReadOnlyDictionary<string, string> settings, HttpClient http, DirectoryInfo directory, Watchdog watchdog)
    : ServerProcess(name, directory, watchdog)
{
    public string Address { get; } = $"http://localhost:{port}";

    // Seen by this process alone, and gone with it.
    private const string WithMounts = "mount --rbind /dev \"$1/dev\" && mount -t proc proc \"$1/proc\" && shift && exec \"$@\"";

    /// <summary>The user ids (real, effective, saved, of files) that the process has.</summary>
    public string[] UserIds =>
        File.ReadLines($"/proc/{Id}/status").Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1..];

    protected override IEnumerable<string> Command()
    {
        var (root, unshare) = (image.Root.FullName, Executables.Find("unshare")!);
        var user = image.Config.GetProperty("User").GetString()!;
        var variables = Strings("Env").Select(variable => variable.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        foreach (var (variable, value) in settings)
        {
            variables[variable] = value;
        }

        variables["ASPNETCORE_HTTP_PORTS"] = $"{port}";
        return
        [
            Executables.Find("env")!, "-i", .. variables.Select(variable => $"{variable.Key}={variable.Value}"),
            unshare, "--mount", "sh", "-c", WithMounts, "sh", root,
            Executables.Find("setpriv")!, "--clear-groups",
            unshare, "--root", root, "--wd", image.Config.GetProperty("WorkingDir").GetString()!, "--setgid", user, "--setuid", user,
            .. Strings("Entrypoint"), .. Strings("Cmd"),
        ];
    }

    protected override async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"{Address}/health"), cancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private IEnumerable<string> Strings(string property) =>
        image.Config.TryGetProperty(property, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(item => item.GetString()!) : [];
}
