using System.Text;
using System.Text.Json;

namespace Notifications.Gateway.Sessions;

/// <summary>
/// The id that a client names its session by: SignalR's, and after a dot the key of the instance that the session lives at. So every gateway finds the
/// instance, for clients that keep no cookies too. The key only chooses among the instances that the gateway knows.
/// </summary>
internal static class SessionId
{
    /// <summary>In none of SignalR's ids, and of no meaning in a query.</summary>
    private const char Separator = '.';

    /// <returns>The instance's key; null for an id that has none.</returns>
    public static string? KeyIn(string id) => id.LastIndexOf(Separator) is >= 0 and var at ? id[(at + 1)..] : null;

    /// <returns>The id as the instance knows it.</returns>
    public static string Without(string id, string key) => id.EndsWith(Separator + key, StringComparison.Ordinal) ? id[..^(key.Length + 1)] : id;

    /// <summary>Adds the key to the id in the answer to negotiate, whose other bytes stay as they are.</summary>
    /// <returns>Null for what is no such answer.</returns>
    public static byte[]? With(ReadOnlySpan<byte> answer, string key)
    {
        try
        {
            return EndOfId(answer) is { } end ? [.. answer[..end], (byte)Separator, .. Encoding.ASCII.GetBytes(key), .. answer[end..]] : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <returns>Where the quote after the id is: <c>connectionToken</c>, or in version 0, which has none, <c>connectionId</c>.</returns>
    private static int? EndOfId(ReadOnlySpan<byte> answer)
    {
        (int? token, int? id) = (null, null);
        var reader = new Utf8JsonReader(answer);
        while (reader.Read())
        {
            if (reader is not { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 })
            {
                continue;
            }

            var (isToken, isId) = (reader.ValueTextEquals("connectionToken"u8), reader.ValueTextEquals("connectionId"u8));
            reader.Read();
            if ((isToken || isId) && reader.TokenType == JsonTokenType.String)
            {
                int? end = (int)reader.BytesConsumed - 1;
                (token, id) = isToken ? (end, id) : (token, end);
            }
        }

        return token ?? id;
    }
}
