using Garnet;
using Microsoft.Extensions.Logging.Abstractions;

namespace Notifications.Tests.Redis;

/// <summary>Garnet inside the test process, with the Lua that our scripts need: what the AppHost embeds.</summary>
public sealed class GarnetInProcess : RedisServer
{
    private GarnetServer? _server;

    protected override void StartOn(int port)
    {
        _server = new GarnetServer(
            ["--bind", "127.0.0.1", "--port", $"{port}", "--lua", "--lua-transaction-mode", "--memory", "64m", "--index", "8m", "-q"],
            NullLoggerFactory.Instance);
        _server.Start();
    }

    protected override void ThrowIfDead()
    {
        // It lives in this process: had it failed, Start would have thrown.
    }

    protected override Task StopServerAsync()
    {
        _server?.Dispose();
        _server = null;
        return Task.CompletedTask;
    }
}
