using System.Text;
using System.Text.Json;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// The id by which a client names its session: SignalR's id, a dot, and the key of the session's instance. So every gateway finds the instance, also for
/// clients that keep no cookies. The key can only select one of the instances that the gateway knows.
/// </summary>
internal static class SessionId
{
    /// <summary>SignalR's ids never contain it, and it has no special meaning in a query.</summary>
    private const char Separator = '.';

    /// <returns>The instance's key. Null when the id has no key.</returns>
    public static string? KeyIn(string id) => id.LastIndexOf(Separator) is >= 0 and var at ? id[(at + 1)..] : null;

    /// <returns>The id as the instance knows it.</returns>
    public static string Without(string id, string key) => id.EndsWith(Separator + key, StringComparison.Ordinal) ? id[..^(key.Length + 1)] : id;

    /// <summary>Adds the key to the id in the answer to negotiate, whose other bytes stay as they are.</summary>
    /// <returns>Null when the bytes are not an answer to negotiate.</returns>
    public static byte[]? With(ReadOnlySpan<byte> answer, string key)
    {
        try
        {
            // Version 0 of negotiate has only connectionId.
            var end = EndOf("connectionToken"u8, answer) ?? EndOf("connectionId"u8, answer);
            return end is { } at ? [.. answer[..at], (byte)Separator, .. Encoding.ASCII.GetBytes(key), .. answer[at..]] : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <returns>The position of the quote after the text of the member. Null when the answer has no such text.</returns>
    private static int? EndOf(ReadOnlySpan<byte> member, ReadOnlySpan<byte> answer)
    {
        int? end = null;
        var reader = new Utf8JsonReader(answer);
        while (reader.Read())
        {
            if (reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 }
                && reader.ValueTextEquals(member) && reader.Read() && reader.TokenType == JsonTokenType.String)
            {
                end = (int)reader.BytesConsumed - 1;
            }
        }

        return end;
    }
}
