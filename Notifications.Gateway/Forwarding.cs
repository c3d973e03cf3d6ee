using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Transforms;

namespace Notifications.Gateway;

/// <summary>
/// Who the client is where another proxy stands before the gateway: address, scheme and host come from the <c>X-Forwarded-*</c>
/// headers of the proxies that are known, and from nobody else's.
/// </summary>
internal static class Forwarding
{
    // Aspire and others switch the framework's own handling on by it, which believes anyone.
    private const string BelievesAnyone = "ForwardedHeaders_Enabled";

    public static void AddForwarding(this WebApplicationBuilder builder)
    {
        builder.Configuration.AddInMemoryCollection([new(BelievesAnyone, bool.FalseString)]);
        builder.Services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<GatewayOptions>>((headers, gateway) =>
        {
            headers.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
            headers.ForwardLimit = gateway.Value.ProxyHops;
            // The framework's defaults know the loopback addresses.
            headers.KnownProxies.Clear();
            headers.KnownIPNetworks.Clear();
            foreach (var address in gateway.Value.KnownProxies)
            {
                headers.KnownProxies.Add(IPAddress.Parse(address));
            }

            foreach (var network in gateway.Value.KnownNetworks)
            {
                headers.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
            }
        });
    }

    /// <summary>YARP replaces <c>X-Forwarded-*</c>, but passes on its kin, and what is kept here of the headers that were used.</summary>
    public static IReverseProxyBuilder WithoutClientsWord(this IReverseProxyBuilder proxy) => proxy.AddTransforms(transforms =>
    {
        foreach (var header in (string[])["Forwarded", "X-Original-For", "X-Original-Proto", "X-Original-Host", "X-Real-IP"])
        {
            transforms.AddRequestHeaderRemove(header);
        }
    });

    public static void UseForwarding(this WebApplication app)
    {
        // With nobody known the middleware would believe anybody.
        if (HasProxies(app.Services.GetRequiredService<IOptions<GatewayOptions>>().Value))
        {
            app.UseForwardedHeaders();
        }
    }

    /// <summary>Whether the other end of a connection is a proxy that speaks for many clients.</summary>
    public static bool IsKnownProxy(this ForwardedHeadersOptions headers, IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return headers.KnownProxies.Contains(plain) || headers.KnownIPNetworks.Any(network => network.Contains(plain));
    }

    public static IEnumerable<ValidationResult> Validate(GatewayOptions options)
    {
        foreach (var address in options.KnownProxies.Where(address => !IPAddress.TryParse(address, out _)))
        {
            yield return new ValidationResult($"{GatewayOptions.Section}:{nameof(GatewayOptions.KnownProxies)} has \"{address}\", which is no IP address such as 10.0.0.4.");
        }

        foreach (var network in options.KnownNetworks.Where(network => !System.Net.IPNetwork.TryParse(network, out _)))
        {
            yield return new ValidationResult(
                $"{GatewayOptions.Section}:{nameof(GatewayOptions.KnownNetworks)} has \"{network}\", which is no network such as 10.0.0.0/8.");
        }

        if (options.ProxyHops < 1)
        {
            yield return new ValidationResult(
                $"{GatewayOptions.Section}:{nameof(GatewayOptions.ProxyHops)} is {options.ProxyHops} and has to be 1 or more: how many known proxies a request passes.");
        }
    }

    private static bool HasProxies(GatewayOptions options) => options.KnownProxies.Length > 0 || options.KnownNetworks.Length > 0;
}
