using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Notifications.Messaging.Log;

/// <summary>
/// What JSON has to fulfil beyond its grammar, so that all readers get the same value from JSON and from MessagePack. A client that can't read a notification
/// would end its connection, reconnect, and get the same notification again.
/// </summary>
internal static class JsonRule
{
    /// <summary>
    /// How deep objects and arrays may be nested. Most readers stop at 64 levels, and a notification is itself nested in a message in a batch.
    /// </summary>
    public const int MaxDepth = 50;

    /// <summary>The end of an error message about text for which <see cref="IsText"/> is false.</summary>
    public const string NoText = "has half a surrogate pair, which is no character.";

    private const int ShownLength = 40;

    /// <summary>The names of an object with at most this many members are compared without an allocation.</summary>
    private const int FewNames = 64;

    /// <summary>@msgpack/msgpack refuses a message with this name, because an assignment to it would change a JavaScript object's prototype.</summary>
    private const string Prototype = "__proto__";

    /// <summary>Finds a member that is not known. It is a spelling mistake, or a feature that this version does not have. Its sender has to know.</summary>
    /// <returns>The end of an error message that names the member; null: all members are known.</returns>
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

    /// <summary>The first characters of a text that a caller sent, for an error message.</summary>
    public static string Shortened(string text) => text.Length > ShownLength ? text[..ShownLength] + "…" : text;

    /// <summary>Whether the text is valid UTF-16: no half of a surrogate pair stands alone in it.</summary>
    public static bool IsText(ReadOnlySpan<char> text)
    {
        while (text.IndexOfAnyInRange('\ud800', '\udfff') is >= 0 and var at)
        {
            if (Rune.DecodeFromUtf16(text[at..], out _, out var length) != OperationStatus.Done)
            {
                return false;
            }

            text = text[(at + length)..];
        }

        return true;
    }

    /// <returns>The end of an error message that says what is wrong; null: nothing is wrong.</returns>
    public static string? Error(JsonElement json, int maxDepth = MaxDepth) =>
        Utf8.IsValid(JsonMarshal.GetRawUtf8Value(json)) ? ErrorIn(json, maxDepth, maxDepth) : "has bytes that are no UTF-8.";

    private static string? ErrorIn(JsonElement json, int levels, int maxDepth)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Number:
                return NumberError(JsonMarshal.GetRawUtf8Value(json));
            case JsonValueKind.String:
                return TextError(JsonMarshal.GetRawUtf8Value(json));
            case JsonValueKind.Array or JsonValueKind.Object when levels == 0:
                return $"has more than {maxDepth} objects and arrays within each other.";
            case JsonValueKind.Array:
                foreach (var item in json.EnumerateArray())
                {
                    if (ErrorIn(item, levels - 1, maxDepth) is { } error)
                    {
                        return error;
                    }
                }

                return null;
            case JsonValueKind.Object:
                if (MayHaveWrongName(json) && NameError(json) is { } wrongName)
                {
                    return wrongName;
                }

                foreach (var member in json.EnumerateObject())
                {
                    if (ErrorIn(member.Value, levels - 1, maxDepth) is { } error)
                    {
                        return error;
                    }
                }

                return null;
            default:
                return null;
        }
    }

    /// <summary>MessagePack has 64-bit integers and doubles. How a number is written decides which of the two it becomes; its value does not.</summary>
    private static string? NumberError(ReadOnlySpan<byte> number)
    {
        if (number.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0)
        {
            return long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) || ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _)
                ? null
                : $"has the integer {Shown(number)}. An integer has to be from {long.MinValue} to {ulong.MaxValue}. Send this one as a string.";
        }

        return double.IsFinite(double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture))
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"has the number {Shown(number)}. It has to be within ±{double.MaxValue}, the range of a double. Send this one as a string.");
    }

    private static string? TextError(ReadOnlySpan<byte> raw) =>
        raw.Contains((byte)'\\') && !AreText(raw) ? "has half a surrogate pair among its escapes, which is no character." : null;

    /// <summary>Whether the escapes in a JSON string are valid UTF-16, as <see cref="IsText"/> checks it for characters.</summary>
    private static bool AreText(ReadOnlySpan<byte> raw)
    {
        const int prefix = 2;
        const int digits = 4;
        var isPairOpen = false;
        while (raw.IndexOf((byte)'\\') is >= 0 and var at)
        {
            var unit = raw[at + 1] == 'u' ? (char)ushort.Parse(raw.Slice(at + prefix, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : ' ';
            if (char.IsLowSurrogate(unit) != isPairOpen || (isPairOpen && at > 0))
            {
                return false;
            }

            isPairOpen = char.IsHighSurrogate(unit);
            raw = raw[(at + prefix + (raw[at + 1] == 'u' ? digits : 0))..];
        }

        return !isPairOpen;
    }

    /// <returns>False: all names are right. True: a name may be wrong. It is false for almost all objects without a wrong name. Nothing is allocated.</returns>
    private static bool MayHaveWrongName(JsonElement json)
    {
        var count = json.GetPropertyCount();
        if (count > FewNames)
        {
            return true;
        }

        Span<int> hashes = stackalloc int[FewNames];
        var seen = 0;
        foreach (var member in json.EnumerateObject())
        {
            var name = JsonMarshal.GetRawUtf8PropertyName(member);
            var hash = new HashCode();
            hash.AddBytes(name);
            hashes[seen] = hash.ToHashCode();
            if (name.Contains((byte)'\\') || name.SequenceEqual("__proto__"u8) || hashes[..seen].Contains(hashes[seen]))
            {
                return true;
            }

            seen++;
        }

        return false;
    }

    /// <summary>Of two members with the same name, some readers take the first and some the second. A MessagePack reader may take neither.</summary>
    private static string? NameError(JsonElement json)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in json.EnumerateObject())
        {
            if (TextError(JsonMarshal.GetRawUtf8PropertyName(member)) is { } error)
            {
                return error;
            }

            var name = member.Name;
            if (name == Prototype)
            {
                return $"has a member \"{Prototype}\", which MessagePack clients in JavaScript refuse. Give it another name.";
            }

            if (!names.Add(name))
            {
                return $"has the member \"{Shortened(name)}\" twice in one object. Send it once.";
            }
        }

        return null;
    }

    private static string Shown(ReadOnlySpan<byte> number) => Shortened(Encoding.ASCII.GetString(number));
}
