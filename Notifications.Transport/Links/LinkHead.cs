using System.Text;
using Microsoft.AspNetCore.Http;

namespace Notifications.Transport.Links;

/// <summary>
/// The request that begins a session, or the answer to it: a first line and headers. The length stands
/// before each string, so no value can be read as another one.
/// </summary>
/// <param name="First">The path and query of a request, or the status of a response.</param>
/// <param name="Headers">Names and values. A name may occur more than once.</param>
internal sealed record LinkHead(string First, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    public static LinkHead Of(string first, IHeaderDictionary headers) => new(
        first, [.. headers.SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value ?? "")))]);

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(First);
            writer.Write7BitEncodedInt(Headers.Count);
            foreach (var (name, value) in Headers)
            {
                writer.Write(name);
                writer.Write(value);
            }
        }

        return stream.ToArray();
    }

    /// <exception cref="IOException">The bytes are not a head.</exception>
    public static LinkHead Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes.ToArray()), Encoding.UTF8);
            var first = reader.ReadString();
            var headers = new KeyValuePair<string, string>[Math.Clamp(reader.Read7BitEncodedInt(), 0, bytes.Length)];
            for (var i = 0; i < headers.Length; i++)
            {
                headers[i] = KeyValuePair.Create(reader.ReadString(), reader.ReadString());
            }

            return new LinkHead(first, headers);
        }
        catch (Exception exception) when (exception is FormatException or EndOfStreamException)
        {
            throw new IOException($"The head of a session, {bytes.Length} bytes over a session link, is none.", exception);
        }
    }
}
