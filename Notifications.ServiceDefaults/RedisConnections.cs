using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// Opens more connections to the Redis that the shared one leads to, with the same credentials, certificates and time-outs: some
/// of these are code and no part of a connection string.
/// </summary>
public sealed class RedisConnections
{
    private ConfigurationOptions? _options;

    /// <param name="shared">The connection that the services share.</param>
    /// <param name="name">What Redis lists the new one as.</param>
    public async Task<IConnectionMultiplexer> ConnectAsync(IConnectionMultiplexer shared, string name)
    {
        var options = (_options ?? throw new InvalidOperationException("The shared Redis connection was not made by AddRedis. Call it first.")).Clone();
        options.ClientName = name;
        // A cluster grows, and those that are in the connection string die: the new connection begins with what is known by now.
        // Elsewhere the nodes are found in another way, by a sentinel, or all named.
        foreach (var server in shared.GetServers().Where(server => server.ServerType == ServerType.Cluster))
        {
            options.EndPoints.TryAdd(server.EndPoint);
        }

        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    internal void Use(ConfigurationOptions options) => _options = options;
}
