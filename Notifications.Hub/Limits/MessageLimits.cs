using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Limits;

/// <summary>
/// Tells a client what was wrong with its message, where SignalR by itself says only that there was an error: one that can't be read
/// or is too large, and too many that the hub has no use for. Each ends the connection.
/// </summary>
internal sealed class MessageLimitsProtocol(
    IHubProtocol inner, IServiceProvider services, IOptions<ConnectionLimitOptions> limits, HubTelemetry telemetry) : WrappedProtocol(inner)
{
    /// <summary>Each hub class's rules.</summary>
    private readonly ConcurrentDictionary<Type, HubRules> _rules = new();

    /// <summary>Of each connection, which has a binder of its own, that sent any.</summary>
    private readonly ConditionalWeakTable<IInvocationBinder, StrongBox<int>> _unusable = [];

    public override bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        if (!TryRead(ref input, binder, out message))
        {
            // SignalR gives no more of a message than this.
            if (!input.IsEmpty && RulesOf(binder).MaxSize is { } maxSize && input.Length >= maxSize)
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
                $"More than {limits.Value.UnusableMessages} messages of this connection called no method of the hub as it is, or were of another kind ({ConnectionLimitOptions.Section}:{nameof(ConnectionLimitOptions.UnusableMessages)}).");
        }

        return true;
    }

    /// <summary><see cref="NotificationHub"/> has no use for SignalR's streams, and another hub class may have.</summary>
    private bool IsOfStream(HubMessage message, IInvocationBinder binder) =>
        message is StreamInvocationMessage or StreamItemMessage or CancelInvocationMessage or CompletionMessage && RulesOf(binder).HasStreams;

    private HubRules RulesOf(IInvocationBinder binder) => _rules.GetOrAdd(HubProtocols.HubOf(binder), hub =>
    {
        // Not before a message comes: the hub's options are made of the protocols. Those of one hub have values only where something configures them for it.
        var ofHub = (IOptions<HubOptions>)services.GetRequiredService(typeof(IOptions<>).MakeGenericType(typeof(HubOptions<>).MakeGenericType(hub)));
        return new HubRules(
            HasStreams: hub != typeof(NotificationHub),
            ofHub.Value.MaximumReceiveMessageSize ?? services.GetRequiredService<IOptions<HubOptions>>().Value.MaximumReceiveMessageSize);
    });

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
            return Inner.TryParseMessage(ref input, binder, out message);
        }
        catch (Exception exception) when (exception is not HubException)
        {
            // Whatever a parser makes of bytes that no client of the protocol sends.
            telemetry.Refused("unreadable_message");
            throw new HubException($"A message can't be read as SignalR's protocol {Name}.", exception);
        }
    }

    private sealed record HubRules(bool HasStreams, long? MaxSize);
}
