using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;

namespace Notifications.Hubs.Limits;

/// <summary>
/// Tells a client what was wrong with its message, where SignalR says only that there was an error. It refuses a message that can't be read, a message that is
/// too large, and too many messages that the hub has no use for. Each of these ends the connection.
/// </summary>
internal sealed class MessageLimitsProtocol(
    IHubProtocol inner, IServiceProvider services, IOptions<ConnectionLimitOptions> limits, DeliveryTelemetry telemetry) : IHubProtocol
{
    /// <summary>The largest message of each hub class, in bytes; null: any size.</summary>
    private readonly ConcurrentDictionary<Type, long?> _maxSizes = new();

    /// <summary>The number of unusable messages of each connection that sent any. Each connection has a binder of its own.</summary>
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
            // SignalR hands over at most this much of a message.
            if (!input.IsEmpty && MaxSizeOf(binder) is { } maxSize && input.Length >= maxSize)
            {
                telemetry.Refused("message_size");
                throw new HubException($"The message is larger than {maxSize} bytes (SignalR:{nameof(HubOptions.MaximumReceiveMessageSize)}).");
            }

            return false;
        }

        if (message is not (InvocationMessage or PingMessage or CloseMessage or AckMessage or SequenceMessage)
            && !IsOfStream(message, binder)
            && !IsAwaited(message, binder)
            && limits.Value.UnusableMessages > 0
            && Interlocked.Increment(ref _unusable.GetOrCreateValue(binder).Value) > limits.Value.UnusableMessages)
        {
            telemetry.Refused("unusable_messages");
            throw new HubException(
                $"More than {limits.Value.UnusableMessages} messages of this connection were not valid calls of a hub method ({ConnectionLimitOptions.Section}:{nameof(ConnectionLimitOptions.UnusableMessages)}).");
        }

        return true;
    }

    /// <summary>Whether the message is one of SignalR's streams, and the hub class may have streams. <see cref="NotificationHub"/> has none.</summary>
    private bool IsOfStream(HubMessage message, IInvocationBinder binder) =>
        message is StreamInvocationMessage or StreamItemMessage or CancelInvocationMessage or CompletionMessage && HubProtocols.HubOf(binder) != typeof(NotificationHub);

    private long? MaxSizeOf(IInvocationBinder binder) => _maxSizes.GetOrAdd(HubProtocols.HubOf(binder), hub =>
    {
        // Read when a message comes, because the hub's options are made of the protocols. The options of one hub class have values only if something configures
        // them for it.
        var ofHub = (IOptions<HubOptions>)services.GetRequiredService(typeof(IOptions<>).MakeGenericType(typeof(HubOptions<>).MakeGenericType(hub)));
        return ofHub.Value.MaximumReceiveMessageSize ?? services.GetRequiredService<IOptions<HubOptions>>().Value.MaximumReceiveMessageSize;
    });

    /// <summary>Whether the message is a result that the hub asked this client for.</summary>
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
            // SignalR throws this if it does not know the invocation.
            return false;
        }
    }

    private bool TryRead(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        try
        {
            var start = input;
            if (!inner.TryParseMessage(ref input, binder, out message))
            {
                return false;
            }

            message = HubArguments.Bind(message, inner, start, binder);
            return true;
        }
        catch (Exception exception) when (exception is not HubException)
        {
            // A parser may throw anything for bytes that no client of the protocol sends.
            telemetry.Refused("unreadable_message");
            throw new HubException($"A message can't be read as SignalR's protocol {Name}.", exception);
        }
    }
}
