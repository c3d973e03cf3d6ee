using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Xunit;

namespace Notifications.Tests.Hosting;

/// <summary>The built AppHost as a process of its own, on free ports and data of its own.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(1);
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = [];
    private readonly TaskCompletionSource _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly DirectoryInfo _data;
    private readonly string _mark = $"NOTIFICATIONS_TEST_MARK={Guid.NewGuid():N}";

    private AppHostProcess(ProcessStartInfo start, DirectoryInfo data)
    {
        _data = data;
        var mark = _mark.Split('=');
        start.Environment[mark[0]] = mark[1];
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;
    public string Output => string.Join('\n', _output);

    public static AppHostProcess Start(params (string Name, string Value)[] environment)
    {
        var configuration = typeof(AppHostProcess).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        var directory = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../Notifications.AppHost"));
        var start = new ProcessStartInfo("dotnet", [Path.Combine(directory, "bin", configuration, "net10.0", "Notifications.AppHost.dll")])
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var data = Directory.CreateTempSubdirectory("notifications-apphost-");
        (string Name, string Value)[] defaults =
        [
            ("Redis__DataDirectory", Path.Combine(data.FullName, "redis")),
            ("ConnectionStrings__orders", $"Data Source={Path.Combine(data.FullName, "orders.db")}"),
            ("DOTNET_ENVIRONMENT", "Development"),
            ("GATEWAY_PORT", "0"),
            ("DASHBOARD_PORT", "0"),
        ];
        foreach (var (name, value) in defaults.Concat(environment))
        {
            start.Environment[name] = value;
        }

        return new AppHostProcess(start, data);
    }

    /// <summary>Waits for the lines that the start ends with.</summary>
    public async Task WaitUntilRunningAsync()
    {
        var first = await Task.WhenAny(_announced.Task, _process.WaitForExitAsync()).WaitAsync(StartLimit);
        Assert.True(first == _announced.Task, $"The AppHost ended instead of starting:\n{Output}");
    }

    public Task WaitForOutputAsync(string text) =>
        Eventually.True(() => Output.Contains(text, StringComparison.Ordinal), $"the AppHost to say \"{text}\". It said: {Output}", StartLimit);

    public async Task<int> WaitForExitAsync(TimeSpan limit)
    {
        await _process.WaitForExitAsync().WaitAsync(limit);
        return _process.ExitCode;
    }

    public void Kill() => _process.Kill();

    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Every process that it started, directly or not: those that inherited its mark. Aspire's orchestrator detaches itself, so parents tell nothing.</summary>
    public IReadOnlyList<int> Descendants() =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(directory => Path.GetFileName(directory))
            .Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name, CultureInfo.InvariantCulture))
            .Where(id => id != Id && Read(id, "environ")?.Contains(_mark, StringComparison.Ordinal) == true),
    ];

    /// <summary>A process that has ended and that nobody has asked for its exit code does not run.</summary>
    public static bool IsRunning(int processId) =>
        Read(processId, "stat") is { } stat && stat[(stat.LastIndexOf(')') + 2)..] is not ['Z', ..];

    public async ValueTask DisposeAsync()
    {
        // In order, so that nothing is left that would take time from the next test, or write to the data.
        if (!_process.HasExited)
        {
            Terminate();
            await _process.WaitForExitAsync().WaitAsync(EndLimit);
        }

        await Eventually.True(() => Descendants().Count == 0, "every process that the AppHost started to end", EndLimit);
        _process.Dispose();
        _data.Delete(recursive: true);
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        _output.Enqueue(line);
        if (line.StartsWith("Stop:", StringComparison.Ordinal))
        {
            _announced.TrySetResult();
        }
    }

    private static string? Read(int processId, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/{file}");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null; // It has ended, or is somebody else's.
        }
    }
}
