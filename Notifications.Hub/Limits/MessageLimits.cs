using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Limits;

/// <summary>
/// Tells a client what was wrong with its message, where SignalR by itself says only that there was an error: one that can't be read
/// or is too large, and too many that the hub has no use for. Each ends the connection.
/// </summary>
internal sealed class MessageLimitsProtocol(
    IHubProtocol inner, IServiceProvider services, IOptions<ConnectionLimitOptions> limits, HubTelemetry telemetry) : IHubProtocol
{
    // The hub's options are made of the protocols, so a protocol can't have them when it is made itself. Those of one hub have values
    // only where something configures them for it.
    private readonly Lazy<long?> _maxSize = new(() =>
        services.GetRequiredService<IOptions<HubOptions<NotificationHub>>>().Value.MaximumReceiveMessageSize
        ?? services.GetRequiredService<IOptions<HubOptions>>().Value.MaximumReceiveMessageSize);

    /// <summary>Of each connection, which has a binder of its own, that sent any.</summary>
    private readonly ConditionalWeakTable<IInvocationBinder, StrongBox<int>> _unusable = [];

    public string Name => inner.Name;

    public int Version => inner.Version;

    public TransferFormat TransferFormat => inner.TransferFormat;

    public bool IsVersionSupported(int version) => inner.IsVersionSupported(version);

    public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message) => inner.GetMessageBytes(message);

    public void WriteMessage(HubMessage message, IBufferWriter<byte> output) => inner.WriteMessage(message, output);

    public bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        if (!TryRead(ref input, binder, out message))
        {
            // SignalR gives no more of a message than this.
            if (input.Length >= _maxSize.Value)
            {
                telemetry.Refused("message_size");
                throw new HubException($"The message is larger than {_maxSize.Value} bytes (SignalR:{nameof(HubOptions.MaximumReceiveMessageSize)}).");
            }

            return false;
        }

        if (message is not (InvocationMessage or PingMessage or CloseMessage or AckMessage or SequenceMessage)
            && !IsAwaited(message, binder)
            && limits.Value.UnusableMessages > 0
            && Interlocked.Increment(ref _unusable.GetOrCreateValue(binder).Value) > limits.Value.UnusableMessages)
        {
            telemetry.Refused("unusable_messages");
            throw new HubException(
                $"More than {limits.Value.UnusableMessages} messages of this connection called no method of the hub as it is, or were of another kind ({ConnectionLimitOptions.Section}:{nameof(ConnectionLimitOptions.UnusableMessages)}).");
        }

        return true;
    }

    /// <summary>The hub asked this client for a result.</summary>
    private static bool IsAwaited(HubMessage message, IInvocationBinder binder)
    {
        if (message is not CompletionMessage { InvocationId: { } id })
        {
            return false;
        }

        try
        {
            return binder.GetReturnType(id) is not null;
        }
        catch (InvalidOperationException)
        {
            // SignalR's way to say that it does not know the invocation.
            return false;
        }
    }

    private bool TryRead(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        try
        {
            return inner.TryParseMessage(ref input, binder, out message);
        }
        catch (Exception exception) when (exception is not HubException)
        {
            // Whatever a parser makes of bytes that no client of the protocol sends.
            telemetry.Refused("unreadable_message");
            throw new HubException($"A message can't be read as SignalR's protocol {Name}.", exception);
        }
    }
}
