using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Notifications.Benchmarks.Clusters;
using Xunit;

namespace Notifications.Tests.Hosting;

/// <summary>What the person who starts the AppHost sees of its beginning and its end, with either hosting.</summary>
public sealed class AppHostProcessTests
{
    private static readonly TimeSpan FailLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(40);
    /// <summary>Local hosting takes 4 s; Aspire's orchestrator gives the processes up to 18 s after the AppHost has gone.</summary>
    private static readonly TimeSpan OrphanLimit = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task A_taken_port_ends_the_start_with_one_line_that_names_it_and_the_remedy()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using var appHost = AppHostProcess.Start(("GATEWAY_PORT", port.ToString(CultureInfo.InvariantCulture)));

        Assert.Equal(1, await appHost.WaitForExitAsync(FailLimit));
        Assert.Equal(
            $"Port {port} is taken by another process, and GATEWAY_PORT has to name a free one. Stop that process, or set GATEWAY_PORT to another port, or to 0 for any free one.",
            appHost.Output.Trim());
    }

    [Fact]
    public async Task A_configured_Redis_that_does_not_answer_ends_the_start_with_one_line()
    {
        var address = $"localhost:{FreePorts.Next()}";
        await using var appHost = AppHostProcess.Start(("ConnectionStrings__redis", $"{address},password=secret"));

        Assert.Equal(1, await appHost.WaitForExitAsync(FailLimit));
        Assert.StartsWith($"The Redis at \"{address}\" (ConnectionStrings:redis) did not answer", appHost.Output.Trim());
        Assert.DoesNotContain("secret", appHost.Output);
    }

    [Fact]
    public async Task Sigterm_ends_every_process()
    {
        await using var appHost = AppHostProcess.Start();
        await appHost.WaitUntilRunningAsync();
        var started = appHost.Descendants();
        Assert.NotEmpty(started);

        appHost.Terminate();

        await appHost.WaitForExitAsync(StopLimit);
        await Eventually.True(() => !started.Any(AppHostProcess.IsRunning), "every process that the AppHost started to end", OrphanLimit);
    }

    [Fact]
    public async Task Sigkill_of_the_AppHost_leaves_no_process_behind()
    {
        await using var appHost = AppHostProcess.Start();
        await appHost.WaitUntilRunningAsync();
        var started = appHost.Descendants();
        Assert.NotEmpty(started);

        appHost.Kill();

        await Eventually.True(() => !started.Any(AppHostProcess.IsRunning), "every process that the AppHost started to end", OrphanLimit);
    }
}
