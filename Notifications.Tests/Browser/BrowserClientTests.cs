using Xunit;

namespace Notifications.Tests.Browser;

public sealed class BrowserClientTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    [FactWithNode]
    public async Task Its_own_tests_in_Node_pass()
    {
        await using var node = NodeProcess.Start("--test", "tests/");

        var exitCode = await node.WaitForExitAsync(Limit);

        var report = string.Join('\n', node.Output);
        Assert.True(exitCode == 0, report);
        // A directory in which it finds no test is a success to Node.
        Assert.Matches(@"(?m)^\S+ pass [1-9]", report);
    }
}
