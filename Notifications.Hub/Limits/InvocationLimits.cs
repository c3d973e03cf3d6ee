using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;

namespace Notifications.Hubs.Limits;

/// <summary>
/// Limits how often a connection may call. A call over the limit fails, and its error says to ask again after a second. A client that goes on and has as many
/// calls refused loses its connection.
/// </summary>
internal sealed class InvocationLimits(IOptions<ConnectionLimitOptions> options, DeliveryTelemetry telemetry, TimeProvider time) : IHubFilter
{
    private readonly ConnectionLimitOptions _options = options.Value;

    public Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        context.Context.Features.Set(new CallAllowances(
            new Allowance(_options.Invocations, time), new Allowance(_options.Acknowledgements, time), new Allowance(_options.Invocations, time)));
        return next(context);
    }

    public ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var allowances = invocationContext.Context.Features.GetRequiredFeature<CallAllowances>();
        var (allowance, rate, name, metric) = IsAcknowledgement(invocationContext)
            ? (allowances.Acknowledgements, _options.Acknowledgements, nameof(ConnectionLimitOptions.Acknowledgements), "acknowledgements")
            : (allowances.Invocations, _options.Invocations, nameof(ConnectionLimitOptions.Invocations), "invocations");
        if (allowance.TryTake())
        {
            return next(invocationContext);
        }

        telemetry.Refused(metric);
        if (!allowances.Refusals.TryTake())
        {
            invocationContext.Context.Abort();
        }

        throw new HubException(
            $"{Unavailable.Prefix} this connection calls more often than the {rate.Burst} at once and {rate.PerSecond} per second that {ConnectionLimitOptions.Section}:{name} lets in. Ask again after a second.");
    }

    private static bool IsAcknowledgement(HubInvocationContext invocation) =>
        invocation is { Hub: NotificationHub, HubMethodName: nameof(NotificationHub.Acknowledge) }
        && StreamName.TryParse(invocation.HubMethodArguments[0] as string, out var stream)
        && invocation.Context.Features.GetRequiredFeature<ConnectionDelivery>().IsSubscribed(stream);

    /// <summary>A feature of the connection, from when it is connected. Refusals are the calls that are refused before the connection is closed.</summary>
    private sealed record CallAllowances(Allowance Invocations, Allowance Acknowledgements, Allowance Refusals);
}
