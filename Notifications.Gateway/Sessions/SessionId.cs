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
            return EndOfId(answer) is { } end ? [.. answer[..end], (byte)Separator, .. Encoding.ASCII.GetBytes(key), .. answer[end..]] : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <returns>The position of the quote after the id. The id is <c>connectionToken</c>. Version 0 of negotiate has only <c>connectionId</c>.</returns>
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
