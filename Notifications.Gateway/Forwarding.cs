using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Transforms;

namespace Notifications.Gateway;

/// <summary>
/// Finds the client's address, scheme and host when another proxy stands before the gateway. They come from the <c>X-Forwarded-*</c>
/// headers of known proxies. The headers of all other senders are ignored.
/// </summary>
internal static class Forwarding
{
    // Aspire and other hosts set this key. It enables the framework's own handling, which trusts every sender.
    private const string BelievesAnyone = "ForwardedHeaders_Enabled";

    public static void AddForwarding(this WebApplicationBuilder builder)
    {
        builder.Configuration.AddInMemoryCollection([new(BelievesAnyone, bool.FalseString)]);
        builder.Services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<GatewayOptions>>((headers, gateway) =>
        {
            headers.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
            headers.ForwardLimit = gateway.Value.ProxyHops;
            // By default the framework trusts the loopback addresses.
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

    /// <summary>
    /// Removes headers that say where a request came from. YARP replaces <c>X-Forwarded-*</c>, but would pass on similar
    /// headers, and the <c>X-Original-*</c> headers in which the gateway keeps the values before forwarding.
    /// </summary>
    public static IReverseProxyBuilder WithoutClientsWord(this IReverseProxyBuilder proxy) => proxy.AddTransforms(transforms =>
    {
        foreach (var header in (string[])["Forwarded", "X-Original-For", "X-Original-Proto", "X-Original-Host", "X-Real-IP"])
        {
            transforms.AddRequestHeaderRemove(header);
        }
    });

    public static void UseForwarding(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<GatewayOptions>>().Value;
        // Without known proxies the middleware would trust every sender.
        if (options.KnownProxies.Length > 0 || options.KnownNetworks.Length > 0)
        {
            app.UseForwardedHeaders();
        }
    }

    /// <summary>Whether the address is that of a known proxy, which forwards requests of many clients.</summary>
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
}
