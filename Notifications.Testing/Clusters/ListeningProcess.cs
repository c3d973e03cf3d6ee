using System.Net;
using System.Net.Sockets;

namespace Notifications.Testing.Clusters;

/// <summary>Any program that listens on a port of its own. It is ready when it accepts a connection.</summary>
internal sealed class ListeningProcess(
    string name, DirectoryInfo directory, Watchdog watchdog, Func<IPEndPoint, IEnumerable<string>> command, IReadOnlyDictionary<string, string>? environment = null)
    : ServerProcess(name, directory, watchdog)
{
    public IPEndPoint EndPoint { get; } = new(IPAddress.Loopback, FreePorts.Next());

    /// <summary>By SIGTERM: nginx ends its workers then, and would leave them behind if it were killed.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (IsRunning)
        {
            await StopAsync(CancellationToken.None);
        }

        await base.DisposeAsync();
    }

    protected override IEnumerable<string> Command() => command(EndPoint);

    protected override IEnumerable<(string Variable, string Value)> Environment() =>
        environment?.Select(variable => (variable.Key, variable.Value)) ?? [];

    protected override async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(EndPoint, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
