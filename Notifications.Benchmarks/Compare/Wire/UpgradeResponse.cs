using System.Globalization;
using System.Text;

namespace Notifications.Benchmarks.Compare.Wire;

/// <summary>A server's answer to the request for a WebSocket.</summary>
/// <param name="Status">Such as 101.</param>
/// <param name="RetryAfter">How long it asks to be left alone, if it does.</param>
/// <param name="Length">Of the head; what follows is the first frame.</param>
internal readonly record struct UpgradeResponse(int Status, TimeSpan? RetryAfter, int Length)
{
    public const int SwitchingProtocols = 101;

    private const string RetryAfterHeader = "Retry-After:";

    /// <returns>False if the bytes do not hold all of the head yet.</returns>
    /// <exception cref="InvalidDataException">That is no answer in HTTP.</exception>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out UpgradeResponse response)
    {
        response = default;
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }

        var lines = Encoding.ASCII.GetString(bytes[..end]).Split("\r\n");
        if (lines[0].Split(' ') is not [var version, var status, ..]
            || !version.StartsWith("HTTP/1.", StringComparison.Ordinal)
            || !int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code))
        {
            throw new InvalidDataException($"\"{lines[0]}\" is no answer to a request for a WebSocket.");
        }

        var retry = lines.FirstOrDefault(line => line.StartsWith(RetryAfterHeader, StringComparison.OrdinalIgnoreCase));
        response = new UpgradeResponse(
            code,
            retry is null ? null : TimeSpan.FromSeconds(int.Parse(retry.AsSpan(RetryAfterHeader.Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture)),
            end + 4);
        return true;
    }
}
