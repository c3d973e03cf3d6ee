using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Notifications.Transport.Links;

namespace Notifications.Transport.HubEnd;

/// <summary>
/// Accepts links from gateways (<see cref="LinkFrame"/>), before all other middlewares of the hub. The link itself needs no
/// token. Each session over it passes through the other middlewares like any other request, and they check its token.
/// </summary>
internal sealed class LinkReception(
    IHttpContextFactory contexts, IOptions<SessionTransportOptions> options, IHostApplicationLifetime lifetime, ILogger<GatewayLink> logger) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(rest => context => context.Request.Path == LinkFrame.Path ? TakeAsync(context, rest) : rest(context));
        next(app);
    };

    private async Task TakeAsync(HttpContext context, RequestDelegate next)
    {
        // The link gets no span: it lasts as long as the gateway, and its sessions have spans of their own.
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is { } activity)
        {
            activity.IsAllDataRequested = false;
            activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }

        var upgrade = context.Features.Get<IHttpUpgradeFeature>();
        if (upgrade is not { IsUpgradableRequest: true } || context.Request.Headers.Upgrade != LinkFrame.Protocol)
        {
            context.Response.Headers.Upgrade = LinkFrame.Protocol;
            await TypedResults.Problem(
                $"This path is for gateways: GET with Upgrade: {LinkFrame.Protocol}, over HTTP/1.1.", statusCode: StatusCodes.Status426UpgradeRequired).ExecuteAsync(context);
            return;
        }

        context.Response.Headers.Connection = HeaderNames.Upgrade;
        context.Response.Headers.Upgrade = LinkFrame.Protocol;
        var link = new GatewayLink(
            context, await upgrade.UpgradeAsync(), request => request.RunAsync(contexts, next, logger), options.Value.SendTimeout, logger);
        await link.RunAsync(lifetime.ApplicationStopping);
    }
}
