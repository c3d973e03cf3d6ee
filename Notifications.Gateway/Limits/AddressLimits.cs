using Microsoft.Extensions.Options;
using Notifications.Gateway.Sessions;

namespace Notifications.Gateway.Limits;

/// <summary>Limits handshakes by address. This runs before the token check, so a refused handshake costs no check.</summary>
internal static class AddressLimits
{
    public static void UseAddressLimits(this WebApplication app)
    {
        var rate = app.Services.GetRequiredService<IOptions<LimitOptions>>().Value.HandshakesPerAddress;
        var telemetry = app.Services.GetRequiredService<GatewayTelemetry>();
        var handshakes = new RateLimit(rate);
        app.Lifetime.ApplicationStopped.Register(handshakes.Dispose);
        app.Use((context, next) =>
            context.Request.Path.StartsWithSegments(Proxy.HubsPath)
            && SessionRequest.Opens(context.Request)
            && ClientAddress.Of(context.Connection.RemoteIpAddress) is { } address
            && handshakes.Refuses(address) is { } retryAfter
                ? context.RefuseAsync(
                    telemetry, "handshakes_per_address", retryAfter,
                    $"More handshakes come from this address than the {rate.Burst} at once and {rate.PerSecond} per second that {LimitOptions.Section}:{nameof(LimitOptions.HandshakesPerAddress)} lets in. Connect fewer clients at a time.")
                : next(context));
    }
}
