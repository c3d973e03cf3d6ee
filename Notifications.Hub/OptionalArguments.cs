using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Notifications.Hubs;

/// <summary>
/// Lets clients leave out the last argument of <see cref="NotificationHub.Subscribe"/>. SignalR binds an invocation only if it
/// has exactly as many arguments as the method has parameters; this reads such a one again with one parameter less. A protocol serves all hub classes,
/// and a method of the same name in another one is told apart by its last parameter.
/// </summary>
internal sealed class OptionalArgumentsProtocol(IHubProtocol inner) : IHubProtocol
{
    private const string Method = nameof(NotificationHub.Subscribe);

    public string Name => inner.Name;

    public int Version => inner.Version;

    public TransferFormat TransferFormat => inner.TransferFormat;

    public bool IsVersionSupported(int version) => inner.IsVersionSupported(version);

    public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message) => inner.GetMessageBytes(message);

    public void WriteMessage(HubMessage message, IBufferWriter<byte> output) => inner.WriteMessage(message, output);

    public bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        var start = input;
        if (!inner.TryParseMessage(ref input, binder, out message))
        {
            return false;
        }

        if (message is InvocationBindingFailureMessage { Target: Method }
            && binder.GetParameterTypes(Method) is [.., var last] && last == typeof(StreamPosition)
            && inner.TryParseMessage(ref start, new WithoutLast(binder), out var shorter)
            && shorter is InvocationMessage invocation)
        {
            message = new InvocationMessage(invocation.InvocationId, invocation.Target, [.. invocation.Arguments, null], invocation.StreamIds)
            {
                Headers = invocation.Headers,
            };
        }

        return true;
    }

    private sealed class WithoutLast(IInvocationBinder inner) : IInvocationBinder
    {
        public IReadOnlyList<Type> GetParameterTypes(string methodName) => [.. inner.GetParameterTypes(methodName).SkipLast(1)];

        public Type GetReturnType(string invocationId) => inner.GetReturnType(invocationId);

        public Type GetStreamItemType(string streamId) => inner.GetStreamItemType(streamId);
    }
}
