using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Notifications.Messaging.Log;

/// <summary>
/// What JSON has to be beyond its grammar to get through every reader: <see cref="JsonElement"/> takes bytes in strings that are no
/// UTF-8, and nesting that a reader with a message around it refuses. A client would end its connection on such a notification, come back, and get it again.
/// </summary>
internal static class JsonRule
{
    /// <summary>Objects and arrays within each other. Most readers stop at 64, and a notification is in a message in a batch.</summary>
    public const int MaxDepth = 50;

    private const int ShownLength = 40;

    /// <summary>A member that nobody reads is a slip of the pen, or something that this version can't do: its sender has to know.</summary>
    /// <returns>Which one is not known, as the end of a sentence; null if all are.</returns>
    public static string? UnknownMember(JsonElement json, params ReadOnlySpan<string> known) =>
        UnknownMember(json.EnumerateObject().Select(member => member.Name), known);

    /// <inheritdoc cref="UnknownMember(JsonElement, ReadOnlySpan{string})"/>
    public static string? UnknownMember(IEnumerable<string> members, params ReadOnlySpan<string> known)
    {
        foreach (var member in members)
        {
            if (!known.Contains(member))
            {
                return $"has \"{Shortened(member)}\", which is not known. It may have {string.Join(", ", known!)}.";
            }
        }

        return null;
    }

    /// <summary>What a caller sent, for an error that names it.</summary>
    public static string Shortened(string text) => text.Length > ShownLength ? text[..ShownLength] + "…" : text;

    /// <returns>What is wrong, as the end of a sentence; null if nothing is.</returns>
    public static string? Error(JsonElement json, int maxDepth = MaxDepth)
    {
        var bytes = JsonMarshal.GetRawUtf8Value(json);
        if (!Utf8.IsValid(bytes))
        {
            return "has bytes that are no UTF-8.";
        }

        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = maxDepth });
        try
        {
            while (reader.Read())
            {
                // Escapes are the one other way to what is no text.
                if (reader is { TokenType: JsonTokenType.String or JsonTokenType.PropertyName, ValueIsEscaped: true })
                {
                    reader.GetString();
                }
            }

            return null;
        }
        catch (JsonException)
        {
            // Its grammar was checked when it was parsed.
            return $"has more than {maxDepth} objects and arrays within each other.";
        }
        catch (InvalidOperationException)
        {
            return "has half a surrogate pair among its escapes, which is no character.";
        }
    }
}
