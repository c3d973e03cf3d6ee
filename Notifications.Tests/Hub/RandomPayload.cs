using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace Notifications.Tests.Hub;

/// <summary>
/// A payload made up from a seed: how it is written, what its readers must see, and whether it breaks a rule. Values are null, <see cref="bool"/>, <see cref="string"/>,
/// <see cref="BigInteger"/> for a number without fraction and exponent, <see cref="double"/> for another number, arrays, and members in their order.
/// </summary>
internal sealed class RandomPayload
{
    private const int MaxDepth = 50;
    private static readonly string[] Odd = ["", "a b", "ü", "漢字", "😀", "\u2028", "\u007f", "<&>'+", "\"", "\\", "/", "\0", "\n", "\u001e", "constructor", "x"];

    private readonly Random _random;
    private readonly StringBuilder _json = new();

    public RandomPayload(int seed)
    {
        _random = new Random(seed);
        Value = Write(depth: 0);
        Json = _json.ToString();
    }

    public string Json { get; }

    public object? Value { get; }

    /// <summary>The refusal has to name one of these. Without any, the payload is published.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>The same form of what a client was sent as JSON.</summary>
    public static object? Of(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().Select(member => (member.Name, Of(member.Value))).ToArray(),
        JsonValueKind.Array => json.EnumerateArray().Select(Of).ToArray(),
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Number when json.GetRawText().AsSpan().ContainsAny('.', 'e', 'E') => json.GetDouble(),
        JsonValueKind.Number => BigInteger.Parse(json.GetRawText(), CultureInfo.InvariantCulture),
        JsonValueKind.True or JsonValueKind.False => json.GetBoolean(),
        _ => null,
    };

    /// <summary>The same form of what a client was sent as MessagePack.</summary>
    public static object? Of(object? value) => value switch
    {
        Dictionary<object, object?> map => map.Select(member => ((string)member.Key, Of(member.Value))).ToArray(),
        object?[] array => array.Select(Of).ToArray(),
        sbyte or byte or short or ushort or int or uint or long => (BigInteger)Convert.ToInt64(value, CultureInfo.InvariantCulture),
        ulong number => (BigInteger)number,
        null or string or bool or double => value,
        _ => $"a {value.GetType()}",
    };

    /// <summary>Text in which two values are the same only if they are equal, signs of zero among them.</summary>
    public static string Show(object? value) => value switch
    {
        (string, object)[] members => $"{{{string.Join(",", members.Select(member => $"{Show(member.Item1)}:{Show(member.Item2)}"))}}}",
        object?[] array => $"[{string.Join(",", array.Select(Show))}]",
        string text => JsonSerializer.Serialize(text),
        double number => $"double {number.ToString("R", CultureInfo.InvariantCulture)}",
        null => "null",
        _ => $"{value}",
    };

    private object? Write(int depth)
    {
        Space();
        var value = _random.Next(depth > 3 ? 6 : 9) switch
        {
            0 => Literal("null", null),
            1 => _random.Next(2) == 0 ? Literal("true", true) : Literal("false", false),
            2 or 3 => Number(),
            4 or 5 => Text(),
            6 => Nested(depth),
            7 => Array(depth),
            _ => Object(depth),
        };
        Space();
        return value;
    }

    private object? Literal(string json, object? value)
    {
        _json.Append(json);
        return value;
    }

    private object Number()
    {
        var json = _random.Next(14) switch
        {
            0 => "0",
            1 => "-0",
            2 => _random.Next(2) == 0 ? "-0.0" : "0e-7",
            3 => _random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture),
            4 => ((ulong)_random.NextInt64() * 2).ToString(CultureInfo.InvariantCulture),
            5 => (1L << _random.Next(63)).ToString(CultureInfo.InvariantCulture),
            6 => (((BigInteger)1 << _random.Next(60, 66)) - _random.Next(3)).ToString(CultureInfo.InvariantCulture),
            7 => (-((BigInteger)1 << _random.Next(60, 66)) + _random.Next(-1, 2)).ToString(CultureInfo.InvariantCulture),
            8 => (_random.NextDouble() * Math.Pow(10, _random.Next(-320, 308))).ToString(_random.Next(2) == 0 ? "R" : "E25", CultureInfo.InvariantCulture),
            9 => $"{_random.Next(100)}.{_random.NextInt64()}{_random.NextInt64()}",
            10 => $"{_random.Next(1000)}.0",
            11 => $"{(_random.Next(2) == 0 ? "-" : "")}{_random.Next(1, 10)}{(_random.Next(2) == 0 ? "e" : "E+")}{_random.Next(310)}",
            12 => $"{_random.Next(1, 10)}e-{_random.Next(400)}",
            _ => _random.Next(40) == 0 ? $"1{new string('0', _random.Next(25, 400))}" : _random.Next(100).ToString(CultureInfo.InvariantCulture),
        };
        _json.Append(json);
        if (json.AsSpan().ContainsAny('.', 'e', 'E'))
        {
            var number = double.Parse(json, CultureInfo.InvariantCulture);
            FaultIf(!double.IsFinite(number), json);
            return number;
        }

        var integer = BigInteger.Parse(json, CultureInfo.InvariantCulture);
        FaultIf(integer < long.MinValue || integer > ulong.MaxValue, json);
        return integer;
    }

    private string Text()
    {
        var text = new StringBuilder();
        _json.Append('"');
        for (var left = _random.Next(5); left > 0; left--)
        {
            foreach (var rune in Odd[_random.Next(Odd.Length)].EnumerateRunes())
            {
                text.Append(rune);
                _json.Append(Written(rune));
            }
        }

        if (_random.Next(150) == 0)
        {
            _json.Append(_random.Next(2) == 0 ? "\\ud83d" : "\\uDE00\\uD83D");
            Faults.Add("surrogate pair");
        }

        _json.Append('"');
        return text.ToString();
    }

    /// <summary>As it is where JSON allows that, or by one of its escapes.</summary>
    private string Written(Rune rune)
    {
        var mayStand = rune.Value >= ' ' && rune.Value is not ('"' or '\\');
        return (mayStand ? _random.Next(3) : _random.Next(2)) switch
        {
            2 => rune.ToString(),
            1 when rune.Value is '"' or '\\' or '/' => $"\\{rune}",
            1 when rune.Value == '\n' => "\\n",
            0 => string.Concat(rune.ToString().Select(unit => $"\\u{(int)unit:x4}")),
            _ => string.Concat(rune.ToString().Select(unit => $"\\u{(int)unit:X4}")),
        };
    }

    private object?[] Array(int depth)
    {
        _json.Append('[');
        var items = new object?[_random.Next(10) == 0 ? 40 : _random.Next(5)];
        for (var i = 0; i < items.Length; i++)
        {
            Comma(i);
            items[i] = Write(depth + 1);
        }

        _json.Append(']');
        return items;
    }

    private (string Name, object? Value)[] Object(int depth)
    {
        _json.Append('{');
        var members = new List<(string Name, object? Value)>();
        // Some have more members than the check compares without an allocation.
        for (var left = _random.Next(10) == 0 ? 100 : _random.Next(6); left > 0; left--)
        {
            Comma(members.Count);
            Space();
            var name = Name(members);
            Space();
            _json.Append(':');
            members.Add((name, Write(depth + 1)));
        }

        _json.Append('}');
        return [.. members];
    }

    private string Name(List<(string Name, object? Value)> before)
    {
        if (_random.Next(300) == 0)
        {
            _json.Append(_random.Next(2) == 0 ? "\"__proto__\"" : "\"__pr\\u006fto__\"");
            Faults.Add("__proto__");
            return "__proto__";
        }

        if (before.Count > 0 && _random.Next(100) == 0)
        {
            var again = before[_random.Next(before.Count)].Name;
            _json.Append('"').Append(string.Concat(again.EnumerateRunes().Select(Written))).Append('"');
            Faults.Add("twice");
            return again;
        }

        // Most names begin with a number that no other has.
        var start = _json.Length;
        _json.Append('"').Append(before.Count);
        var text = Text();
        _json.Remove(start + 1 + $"{before.Count}".Length, 1);
        return $"{before.Count}{text}";
    }

    /// <summary>Arrays and objects within each other, up to somewhat too deep.</summary>
    private object? Nested(int depth)
    {
        var levels = _random.Next(MaxDepth - depth - 8, MaxDepth - depth + 2);
        FaultIf(depth + levels > MaxDepth, "50 objects and arrays within each other");
        var isArray = Enumerable.Range(0, levels).Select(_ => _random.Next(2) == 0).ToArray();
        _json.Append(string.Concat(isArray.Select(array => array ? "[" : "{\"n\":")));
        object? value = Literal("7", (BigInteger)7);
        foreach (var array in isArray.Reverse())
        {
            _json.Append(array ? ']' : '}');
            value = array ? new object?[] { value } : new (string, object?)[] { ("n", value) };
        }

        return value;
    }

    private void FaultIf(bool isFault, string says)
    {
        if (isFault)
        {
            Faults.Add(says.Length > 40 ? says[..40] : says);
        }
    }

    private void Comma(int written)
    {
        if (written > 0)
        {
            _json.Append(',');
        }
    }

    private void Space()
    {
        if (_random.Next(4) == 0)
        {
            _json.Append(" \t\r\n"[_random.Next(4)]);
        }
    }
}
