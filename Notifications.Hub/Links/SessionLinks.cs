using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Notifications.Hubs.Delivery;
using Notifications.Links;

namespace Notifications.Hubs.Links;

internal static class SessionLinks
{
    /// <summary>
    /// Takes links from gateways (<see cref="LinkFrame"/>). What comes behind this answers each session that begins over one like any other request, and
    /// checks its token. The link itself is nobody's.
    /// </summary>
    public static void UseSessionLinks(this WebApplication app)
    {
        var contexts = app.Services.GetRequiredService<IHttpContextFactory>();
        var sendTimeout = app.Services.GetRequiredService<IOptions<DeliveryOptions>>().Value.SendTimeout;
        var logger = app.Services.GetRequiredService<ILogger<GatewayLink>>();
        app.Use(async (context, next) =>
        {
            if (context.Request.Path != LinkFrame.Path)
            {
                await next(context);
                return;
            }

            // It lasts as long as the gateway; the sessions in it have spans of their own.
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
            var link = new GatewayLink(context, await upgrade.UpgradeAsync(), contexts, next, sendTimeout, logger);
            await link.RunAsync(app.Lifetime.ApplicationStopping);
        });
        // For sessions too: by itself it would come before all this.
        app.UseRouting();
    }
}
