using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Notifications.Benchmarks.Attacks;

/// <summary>What came back over a connection.</summary>
/// <param name="Said">In either protocol the texts can be read.</param>
/// <param name="IsClosed">It was the last.</param>
internal sealed partial record Heard(string Said, bool IsClosed)
{
    /// <summary>Why the hub closed, as it says it; empty if it does not.</summary>
    public string Reason => Closing().Match(Said) is { Success: true } match ? match.Groups[1].Value : "";

    /// <summary>
    /// All that <paramref name="read"/> gives until a text is part of it, the other end closes (0 bytes), or so long has passed.
    /// </summary>
    public static async Task<Heard> ReadAsync(
        Func<Memory<byte>, CancellationToken, ValueTask<int>> read, string? until, TimeSpan limit, CancellationToken cancellationToken)
    {
        var said = new StringBuilder();
        var buffer = new byte[8192];
        using var within = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        within.CancelAfter(limit);
        try
        {
            while (until is null || !said.ToString().Contains(until, StringComparison.Ordinal))
            {
                var count = await read(buffer, within.Token);
                if (count == 0)
                {
                    return new Heard(said.ToString(), IsClosed: true);
                }

                said.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }

            return new Heard(said.ToString(), IsClosed: false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Heard(said.ToString(), IsClosed: false);
        }
        catch (Exception exception) when (exception is WebSocketException or IOException)
        {
            return new Heard(said.ToString(), IsClosed: true);
        }
    }

    [GeneratedRegex("Connection closed with an error\\.(?: HubException: )?([^\"\\x00-\\x1f\\x80-\\xff]*)")]
    private static partial Regex Closing();
}
