using Microsoft.AspNetCore.SignalR;

namespace Notifications.Hubs;

/// <summary>
/// Logs failures of the hub's methods. A <see cref="HubException"/> of a method is the client's mistake: the client is told, and nothing is logged.
/// </summary>
internal sealed class InvocationErrors(ILogger<InvocationErrors> logger) : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(
        HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        try
        {
            return await next(invocationContext);
        }
        catch (Exception exception) when (exception is not HubException)
        {
            Log.InvocationFailed(logger, invocationContext.HubMethodName, invocationContext.Context.ConnectionId, exception);
            throw;
        }
    }

    public async Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            Log.InvocationFailed(logger, nameof(OnConnectedAsync), context.Context.ConnectionId, exception);
            throw;
        }
    }
}
