using System.Text.Json;
using Notifications.Messaging;

namespace Notifications.Hubs.Delivery;

/// <summary>A call of <see cref="NotificationHub.Acknowledge"/> that asks for no answer, in SignalR's JSON protocol: a WebSocket message of its own.</summary>
internal static class AcknowledgementMessage
{
    private const byte RecordEnd = 0x1E;
    private const int Invocation = 1;

    /// <returns>False: it is something else, or not exactly that.</returns>
    public static bool TryRead(ReadOnlySpan<byte> message, out StreamName stream, out Position position)
    {
        (stream, position) = (default, default);
        // Before anything is parsed: a message may be two, and most calls that are none don't name it.
        if (message.IndexOf(RecordEnd) != message.Length - 1 || message.IndexOf("\"Acknowledge\""u8) < 0)
        {
            return false;
        }

        try
        {
            var json = new Utf8JsonReader(message[..^1]);
            return TryRead(ref json, out stream, out position);
        }
        catch (JsonException)
        {
            // SignalR says so.
            return false;
        }
    }

    private static bool TryRead(ref Utf8JsonReader json, out StreamName stream, out Position position)
    {
        (stream, position) = (default, default);
        var (isInvocation, isAcknowledge, isRead) = (false, false, false);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("type"u8))
            {
                isInvocation = json.Read() && json.TokenType == JsonTokenType.Number && json.TryGetInt32(out var type) && type == Invocation;
            }
            else if (json.ValueTextEquals("target"u8))
            {
                isAcknowledge = json.Read() && json.TokenType == JsonTokenType.String && json.ValueTextEquals("Acknowledge"u8);
            }
            else if (json.ValueTextEquals("arguments"u8))
            {
                isRead = TryReadArguments(ref json, out stream, out position);
            }
            else
            {
                // An id, which asks for an answer; headers, which may have a trace.
                return false;
            }
        }

        return isInvocation && isAcknowledge && isRead && !json.Read();
    }

    private static bool TryReadArguments(ref Utf8JsonReader json, out StreamName stream, out Position position)
    {
        (stream, position) = (default, default);
        if (!json.Read() || json.TokenType != JsonTokenType.StartArray
            || !json.Read() || json.TokenType != JsonTokenType.String || !StreamName.TryParse(json.GetString(), out stream)
            || !json.Read() || json.TokenType != JsonTokenType.String || json.GetString() is not { } epoch
            || !json.Read() || json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out var offset)
            || !json.Read() || json.TokenType != JsonTokenType.EndArray)
        {
            return false;
        }

        var said = new StreamPosition { Epoch = epoch, Offset = offset };
        position = said.IsValid ? said.ToPosition() : default;
        return said.IsValid;
    }
}
