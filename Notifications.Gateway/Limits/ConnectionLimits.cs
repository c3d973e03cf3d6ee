using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Notifications.Transport;

namespace Notifications.Gateway.Limits;

/// <summary>
/// Limits connections by address, before TLS and before any request. Each connection holds an open file, and other clients need those files.
/// A connection above the limit is closed without an answer, because there is no request yet.
/// </summary>
internal sealed class ConnectionLimits(IOptions<LimitOptions> options, IOptions<ForwardedHeadersOptions> forwarding, GatewayTelemetry telemetry)
{
    private readonly int _max = options.Value.ConnectionsPerAddress;
    private readonly ConcurrentDictionary<IPAddress, int> _open = new();

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var remote = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        if (_max == 0 || ClientAddress.Of(remote) is not { } address || forwarding.Value.IsKnownProxy(remote!))
        {
            await next(connection);
            return;
        }

        var counted = new Counted(this, address);
        try
        {
            if (counted.Number > _max)
            {
                telemetry.Refused("connections_per_address");
                connection.Abort();
                return;
            }

            await next(connection);
        }
        finally
        {
            connection.Features.EndWithConnection(counted);
        }
    }

    private sealed class Counted(ConnectionLimits limits, IPAddress address) : IDisposable
    {
        public int Number { get; } = limits._open.AddOrUpdate(address, 1, (_, count) => count + 1);

        public void Dispose()
        {
            if (limits._open.AddOrUpdate(address, 0, (_, count) => count - 1) == 0)
            {
                // Removes the count only if it is still 0: another connection may have come in between.
                limits._open.TryRemove(new(address, 0));
            }
        }
    }
}

internal static class ConnectionLimitsRegistration
{
    private static readonly TimeSpan RateGrace = TimeSpan.FromSeconds(5);

    /// <summary>Limits what a connection may cost before the middlewares see a request.</summary>
    public static void AddConnectionLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ConnectionLimits>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var options = kestrel.ApplicationServices.GetRequiredService<IOptions<LimitOptions>>().Value;
            var rate = options.SlowestBytesPerSecond == 0 ? null : new MinDataRate(options.SlowestBytesPerSecond, RateGrace);
            kestrel.Limits.MaxConcurrentConnections = OpenFiles.Connections();
            kestrel.Limits.MaxRequestLineSize = RequestLineLimit.KestrelBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = options.HeaderBytes;
            kestrel.Limits.RequestHeadersTimeout = options.HeadersTimeout;
            kestrel.Limits.KeepAliveTimeout = options.KeepAlive;
            (kestrel.Limits.MinRequestBodyDataRate, kestrel.Limits.MinResponseDataRate) = (rate, rate);
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next =>
            {
                var limits = endpoint.ApplicationServices.GetRequiredService<ConnectionLimits>();
                return connection => limits.RunAsync(connection, next);
            }));
        });
    }
}
