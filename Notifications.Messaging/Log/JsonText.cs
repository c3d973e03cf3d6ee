using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Notifications.Messaging.Log;

/// <summary>
/// Writes text as UTF-8 and escapes only the characters that JSON requires (RFC 8259, section 7). The framework's encoders also escape each character beyond
/// the basic multilingual plane, which makes it three times as large. Use it for JSON that is sent as it is and never embedded in HTML.
/// </summary>
internal sealed class JsonText : JavaScriptEncoder
{
    public static readonly JsonWriterOptions Writing = new() { Encoder = new JsonText() };

    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, ' ').Select(control => (byte)control), (byte)'"', (byte)'\\']);

    private JsonText()
    {
    }

    public override int MaxOutputCharactersPerInputCharacter => UnsafeRelaxedJsonEscaping.MaxOutputCharactersPerInputCharacter;

    public override bool WillEncode(int unicodeScalar) => unicodeScalar is < ' ' or '"' or '\\';

    /// <remarks>All bytes that are written come from a <see cref="JsonElement"/> that keeps to <see cref="JsonRule"/>, and are UTF-8.</remarks>
    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text) => utf8Text.IndexOfAny(Escaped);

    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var rest = new ReadOnlySpan<char>(text, textLength);
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != OperationStatus.Done || WillEncode(rune.Value))
            {
                return textLength - rest.Length;
            }

            rest = rest[length..];
        }

        return -1;
    }

    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten) =>
        UnsafeRelaxedJsonEscaping.TryEncodeUnicodeScalar(unicodeScalar, buffer, bufferLength, out numberOfCharactersWritten);
}
