using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;

namespace Notifications.Gateway.Limits;

internal static class ApiTimeouts
{
    /// <summary>
    /// Ends a request after its route's time-out: with 408 when its body was not complete yet, else with 504. YARP itself treats such a
    /// request as if its client had gone away.
    /// </summary>
    public static void UseApiTimeouts(this WebApplication app)
    {
        app.UseRequestTimeouts();
        app.Use(async (context, next) =>
        {
            await next(context);
            if (!context.Response.HasStarted && context.Features.Get<IHttpRequestTimeoutFeature>() is { RequestTimeoutToken.IsCancellationRequested: true })
            {
                context.Response.StatusCode = context.GetForwarderErrorFeature()?.Error is ForwarderError.RequestBodyCanceled
                    ? StatusCodes.Status408RequestTimeout
                    : StatusCodes.Status504GatewayTimeout;
            }
        });
    }
}
