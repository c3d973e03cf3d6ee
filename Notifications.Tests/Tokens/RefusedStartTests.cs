using System.Diagnostics;
using Notifications.Testing.Clusters;
using Xunit;

namespace Notifications.Tests.Tokens;

/// <summary>The built programs as they would be started anywhere, with settings that they must not run with.</summary>
public sealed class RefusedStartTests
{
    private const string Key = "Authentication__DevelopmentKey";
    private const string Authority = "Authentication__Schemes__Bearer__Authority";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Services => ["Notifications.Gateway", "Notifications.Hub", "Notifications.OrderService"];

    [Theory]
    [MemberData(nameof(Services))]
    public async Task The_Development_key_does_not_start_in_Production(string service)
    {
        var (exitCode, output) = await RunAsync(service, (Key, TestTokens.Key));

        Assert.NotEqual(0, exitCode);
        Assert.Contains(
            "Authentication:DevelopmentKey is set in the environment \"Production\", and works in Development only. Remove it and set Authentication:Schemes:Bearer:Authority.",
            output, StringComparison.Ordinal);
        Assert.DoesNotContain(TestTokens.Key, output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task An_authority_without_https_does_not_start_in_Production(string service)
    {
        var (exitCode, output) = await RunAsync(service, (Authority, "http://issuer.test"));

        Assert.NotEqual(0, exitCode);
        Assert.Contains("Authentication:Schemes:Bearer:Authority is \"http://issuer.test\" and has to be an https:// address", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task A_key_prefix_with_a_brace_does_not_start(string service)
    {
        var (exitCode, output) = await RunAsync(service, (Authority, "https://issuer.test"), ("Notifications__KeyPrefix", "{staging}"));

        Assert.NotEqual(0, exitCode);
        Assert.Contains(
            "Notifications:KeyPrefix is \"{staging}\" and has to have at most 64 characters out of a-z A-Z 0-9 . _ - : /. Set one such as \"staging:\", the same for all services of an environment, or remove it.",
            output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string service, params (string Variable, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [Programs.Built(service)]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_ENVIRONMENT"] = "Production";
        start.Environment.Remove("ASPNETCORE_ENVIRONMENT");
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["ConnectionStrings__redis"] = $"127.0.0.1:{FreePorts.Next()}";
        foreach (var (variable, value) in settings)
        {
            start.Environment[variable] = value;
        }

        using var process = Process.Start(start)!;
        try
        {
            using var limit = new CancellationTokenSource(Limit);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, output + await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
