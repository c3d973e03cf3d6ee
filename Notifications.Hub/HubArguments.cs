using System.Buffers;
using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Notifications.Hubs;

/// <summary>
/// Reads a call of <see cref="NotificationHub"/> again if SignalR can't bind its arguments. It accepts a call without its last argument, if that is optional,
/// and a whole number in any form. For other calls it says what is wrong, where SignalR says only that there was an error. Other hub classes keep SignalR's own
/// behaviour.
/// </summary>
internal static class HubArguments
{
    /// <returns>The call that begins at <paramref name="start"/>, bound or refused; <paramref name="message"/> itself if SignalR could bind it.</returns>
    public static HubMessage Bind(HubMessage message, IHubProtocol protocol, ReadOnlySequence<byte> start, IInvocationBinder binder) =>
        message is InvocationBindingFailureMessage failure
        && HubProtocols.HubOf(binder) == typeof(NotificationHub)
        && HubMethod.Find(failure.Target) is { } method
            ? ReadAgain(protocol, start, binder, failure, method)
            : message;

    private static HubMessage ReadAgain(
        IHubProtocol protocol, ReadOnlySequence<byte> start, IInvocationBinder binder, InvocationBindingFailureMessage failure, HubMethod method)
    {
        for (var count = method.MaxArguments; count >= method.MinArguments; count--)
        {
            var input = start;
            protocol.TryParseMessage(ref input, new Untyped(binder, count), out var message);
            if (message is InvocationMessage call)
            {
                return method.Bind(call.Arguments, out var bound) is { } error
                    ? Refusal(failure, error)
                    : new InvocationMessage(call.InvocationId, call.Target, bound, call.StreamIds) { Headers = call.Headers };
            }

            if (message is not InvocationBindingFailureMessage)
            {
                // A call of a method that streams. This hub has no such method.
                return failure;
            }
        }

        return Refusal(failure, $"It takes ({method.Signature}). {failure.BindingFailure.SourceException.Message}");
    }

    /// <summary>Only the text of a <see cref="HubException"/> gets to the client: SignalR withholds the text of other exceptions.</summary>
    private static InvocationBindingFailureMessage Refusal(InvocationBindingFailureMessage failure, string error) =>
        new(failure.InvocationId, failure.Target, ExceptionDispatchInfo.Capture(new HubException(error)));

    /// <summary>Takes a given number of arguments of any type.</summary>
    private sealed class Untyped(IInvocationBinder inner, int count) : IInvocationBinder
    {
        public IReadOnlyList<Type> GetParameterTypes(string methodName) => [.. Enumerable.Repeat(typeof(object), count)];

        public Type GetReturnType(string invocationId) => inner.GetReturnType(invocationId);

        public Type GetStreamItemType(string streamId) => inner.GetStreamItemType(streamId);
    }
}
