using System.Collections.Concurrent;
using System.Diagnostics;
using Xunit;

namespace Notifications.Tests.Browser;

/// <summary>A script of the browser client's tests, run by the Node on PATH.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _output = [];
    private readonly Process _process;

    private NodeProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public static string? Executable { get; } = Executables.Find("node", "node.exe");

    public IReadOnlyList<string> Output => [.. _output];

    /// <param name="arguments">Paths in them start in Notifications.Gateway/client.</param>
    public static NodeProcess Start(params IEnumerable<string> arguments) => new(new ProcessStartInfo(Executable!, arguments)
    {
        WorkingDirectory = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../Notifications.Gateway/client")),
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    });

    public async Task<int> WaitForExitAsync(TimeSpan limit)
    {
        await _process.WaitForExitAsync().WaitAsync(limit);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is not null)
        {
            _output.Enqueue(line);
        }
    }
}

/// <summary>A test that needs Node, skipped with the reason where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWithNodeAttribute : FactAttribute
{
    public FactWithNodeAttribute() =>
        Skip = NodeProcess.Executable is null ? "There is no node on PATH. Install Node 20 or later: https://nodejs.org" : null;
}
