using System.Text.Json.Serialization;

namespace Notifications.Benchmarks.Compare.Publishing;

/// <summary>What every compared system carries: 200 bytes of JSON with the number and the intended time of the order.</summary>
internal sealed record Payload(
    [property: JsonPropertyName("n")] int Number, [property: JsonPropertyName("t")] long Intended, [property: JsonPropertyName("x")] string Filler)
{
    public const int Bytes = 200;

    private static readonly string Letters = new('x', Bytes);

    public static Payload Of(Order order)
    {
        var filled = "{\"n\":,\"t\":,\"x\":\"\"}".Length + Digits(order.Number) + Digits(order.Intended);
        return new Payload(order.Number, order.Intended, Letters[filled..]);
    }

    private static int Digits(long number)
    {
        var digits = 1;
        for (; number >= 10; number /= 10)
        {
            digits++;
        }

        return digits;
    }
}
