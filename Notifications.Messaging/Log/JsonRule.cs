using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Notifications.Messaging.Log;

/// <summary>
/// What JSON has to be beyond its grammar, so that each reader takes it for the same value, in JSON and in MessagePack. A client would end its connection on a notification
/// that it can't read, come back, and get it again.
/// </summary>
internal static class JsonRule
{
    /// <summary>Objects and arrays within each other. Most readers stop at 64, and a notification is in a message in a batch.</summary>
    public const int MaxDepth = 50;

    /// <summary>The end of a sentence about what is not <see cref="IsText"/>.</summary>
    public const string NoText = "has half a surrogate pair, which is no character.";

    private const int ShownLength = 40;

    /// <summary>Up to so many names of an object are compared without an allocation.</summary>
    private const int FewNames = 64;

    /// <summary>As an assignment to it would change a JavaScript object's prototype, @msgpack/msgpack refuses the whole message.</summary>
    private const string Prototype = "__proto__";

    private static ReadOnlySpan<byte> PrototypeBytes => "__proto__"u8;

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

    /// <summary>No half of a surrogate pair stands alone in it.</summary>
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

    /// <returns>What is wrong, as the end of a sentence; null if nothing is.</returns>
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

    /// <summary>MessagePack has integers of 64 bits and doubles. A number is the one or the other by how it is written, and not by its value.</summary>
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

    /// <summary>The same of a JSON string's escapes as <see cref="IsText"/> of characters.</summary>
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

    /// <returns>False for almost all objects that have nothing wrong, without an allocation.</returns>
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
            if (name.Contains((byte)'\\') || name.SequenceEqual(PrototypeBytes) || hashes[..seen].Contains(hashes[seen]))
            {
                return true;
            }

            seen++;
        }

        return false;
    }

    /// <summary>Which of two members of the same name counts is not the same for all readers, and a MessagePack reader may take none.</summary>
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
