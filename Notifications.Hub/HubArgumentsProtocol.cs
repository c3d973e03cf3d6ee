using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Notifications.Hubs;

/// <summary>
/// Reads calls of <see cref="NotificationHub"/> again whose arguments SignalR does not bind. It accepts the last argument left out and a whole number in any form, and says
/// what is wrong with others, where SignalR by itself says only that there was an error. Other hub classes keep SignalR's own behaviour.
/// </summary>
internal sealed class HubArgumentsProtocol(IHubProtocol inner) : WrappedProtocol(inner)
{
    public override bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        var start = input;
        if (!Inner.TryParseMessage(ref input, binder, out message))
        {
            return false;
        }

        if (message is InvocationBindingFailureMessage failure && HubProtocols.HubOf(binder) == typeof(NotificationHub) && HubMethod.Find(failure.Target) is { } method)
        {
            message = ReadAgain(start, binder, failure, method);
        }

        return true;
    }

    private HubMessage ReadAgain(ReadOnlySequence<byte> start, IInvocationBinder binder, InvocationBindingFailureMessage failure, HubMethod method)
    {
        for (var count = method.MaxArguments; count >= method.MinArguments; count--)
        {
            var input = start;
            Inner.TryParseMessage(ref input, new Untyped(binder, count), out var message);
            if (message is InvocationMessage call)
            {
                return method.Bind(call.Arguments, out var bound) is { } error
                    ? Refusal(failure, error)
                    : new InvocationMessage(call.InvocationId, call.Target, bound, call.StreamIds) { Headers = call.Headers };
            }

            if (message is not InvocationBindingFailureMessage)
            {
                // A call of a method that streams, and the hub has none.
                return failure;
            }
        }

        return Refusal(failure, $"It takes ({method.Signature}). {failure.BindingFailure.SourceException.Message}");
    }

    /// <summary>SignalR passes on the text of a <see cref="HubException"/>, and of no other.</summary>
    private static InvocationBindingFailureMessage Refusal(InvocationBindingFailureMessage failure, string error) =>
        new(failure.InvocationId, failure.Target, ExceptionDispatchInfo.Capture(new HubException(error)));

    /// <summary>Takes so many arguments of any type.</summary>
    private sealed class Untyped(IInvocationBinder inner, int count) : IInvocationBinder
    {
        public IReadOnlyList<Type> GetParameterTypes(string methodName) => [.. Enumerable.Repeat(typeof(object), count)];

        public Type GetReturnType(string invocationId) => inner.GetReturnType(invocationId);

        public Type GetStreamItemType(string streamId) => inner.GetStreamItemType(streamId);
    }
}
