using System.Net;
using System.Net.Sockets;
using Garnet;
using Garnet.server;
using Microsoft.Extensions.Hosting;

namespace Notifications.AppHost;

/// <summary>A Garnet server inside the AppHost process, on a free loopback port. It keeps everything in memory and ends with the AppHost.</summary>
internal sealed class EmbeddedRedis : IHostedLifecycleService, IDisposable
{
    private readonly int _port = FreePort();
    private GarnetServer? _server;

    public string ConnectionString => $"127.0.0.1:{_port}";

    /// <summary>Before any resource starts: resources that use a connection string do not wait for its server.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _server = new GarnetServer(new GarnetServerOptions
        {
            EndPoints = [new IPEndPoint(IPAddress.Loopback, _port)],
            EnableLua = true,
            LuaTransactionMode = true,
            LuaOptions = new LuaOptions(),
            QuietMode = true,
        });
        _server.Start();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>After every resource has stopped: a draining hub still writes.</summary>
    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => Interlocked.Exchange(ref _server, null)?.Dispose();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
