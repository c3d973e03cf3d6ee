using System.Net;

namespace Notifications.Testing.Clusters;

/// <summary>
/// <c>redis-server</c> with a data directory of its own. Without persistence unless <paramref name="arguments"/> say otherwise.
/// </summary>
internal sealed class RedisProcess(DirectoryInfo directory, Watchdog watchdog, IReadOnlyList<string> arguments, string name = "redis")
    : ServerProcess(name, directory, watchdog)
{
    internal const string Remedy = "Install it, on Debian with apt-get install redis-server.";

    public IPEndPoint EndPoint { get; } = new(IPAddress.Loopback, FreePorts.Next());

    public string ConnectionString => EndPoint.ToString();

    public DirectoryInfo Data { get; } = directory.CreateSubdirectory($"{name}-data");

    /// <summary>What <c>redis-cli</c> prints for the command.</summary>
    public Task<string> SendAsync(params IEnumerable<string> command) =>
        Programs.OutputAsync(Programs.Installed("redis-cli", Remedy), ["-e", "-p", $"{EndPoint.Port}", .. command]);

    protected override IEnumerable<string> Command() =>
    [
        Programs.Installed("redis-server", Remedy),
        "--port", $"{EndPoint.Port}", "--bind", "127.0.0.1", "--save", "", "--dir", Data.FullName, .. arguments,
    ];

    protected override async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync("PING").WaitAsync(cancellationToken) == "PONG";
        }
        catch (InvalidOperationException)
        {
            // It does not listen yet, or still loads its data.
            return false;
        }
    }
}
