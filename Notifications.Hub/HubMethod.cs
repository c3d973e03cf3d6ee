using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Notifications.Hubs;

/// <summary>
/// A method of <see cref="NotificationHub"/>, and its arguments as the protocols read them without their types. JSON gives each as a <see cref="JsonElement"/>,
/// MessagePack as a value of its own type.
/// </summary>
internal sealed class HubMethod(ParameterInfo[] parameters)
{
    /// <summary>The methods by name, as SignalR finds them.</summary>
    private static readonly FrozenDictionary<string, HubMethod> All = typeof(NotificationHub)
        .GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        .Where(method => method.GetBaseDefinition() == method)
        .ToFrozenDictionary(method => method.Name, method => new HubMethod(method.GetParameters()), StringComparer.OrdinalIgnoreCase);

    public int MaxArguments => parameters.Length;

    public int MinArguments => parameters.Count(parameter => !parameter.IsOptional);

    /// <summary>The names of its arguments, with a question mark after an optional one.</summary>
    public string Signature => string.Join(", ", parameters.Select(parameter => parameter.Name + (parameter.IsOptional ? "?" : "")));

    /// <returns>Null: the hub has no such method.</returns>
    public static HubMethod? Find(string name) => All.GetValueOrDefault(name);

    /// <returns>The error of the first argument that can't be bound; null: <paramref name="bound"/> has the method's arguments.</returns>
    public string? Bind(IReadOnlyList<object?> arguments, out object?[] bound)
    {
        bound = new object?[parameters.Length];
        for (var i = 0; i < arguments.Count; i++)
        {
            if (Error(parameters[i].Name!, arguments[i], parameters[i].ParameterType, out bound[i]) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private static string? Error(string name, object? value, Type type, out object? bound) =>
        type == typeof(string) ? TextError(name, value, out bound)
        : type == typeof(long) ? OffsetError(name, value, out bound)
        : PositionError(name, value, out bound);

    private static string? TextError(string name, object? value, out object? bound)
    {
        if (value is JsonElement { ValueKind: JsonValueKind.String } json)
        {
            bound = JsonRule.Error(json) is null ? json.GetString() : null;
            return bound is null ? $"{name} is {Shown(value)}. It has to be a string of Unicode." : null;
        }

        bound = value;
        return value is null or string ? null : $"{name} is {Shown(value)}. It has to be a string.";
    }

    private static string? OffsetError(string name, object? value, out object? bound)
    {
        bound = Whole(value);
        return bound is null ? $"{name} is {Shown(value)}. {StreamPosition.OffsetRule}" : null;
    }

    private static string? PositionError(string name, object? value, out object? bound)
    {
        bound = null;
        if (value is null)
        {
            return null;
        }

        if (value is not (JsonElement { ValueKind: JsonValueKind.Object } or IReadOnlyDictionary<object, object?>))
        {
            return $"{name} is {Shown(value)}. {StreamPosition.Rule}";
        }

        if (TextError($"{name}.epoch", Member(value, "epoch"), out var epoch) is { } error)
        {
            return error;
        }

        var offset = Member(value, "offset");
        bound = new StreamPosition { Epoch = (string?)epoch, Offset = Whole(offset) };
        return offset is not null && Whole(offset) is null ? $"{name}.offset is {Shown(offset)}. {StreamPosition.OffsetRule}" : null;
    }

    /// <summary>
    /// Finds a member by SignalR's rules: names in JSON match in any case, and the last member of a name counts. Other members may have names that are not
    /// valid text.
    /// </summary>
    private static object? Member(object position, string name) => position is JsonElement json
        ? json.EnumerateObject().LastOrDefault(member => Ascii.EqualsIgnoreCase(JsonMarshal.GetRawUtf8PropertyName(member), name)).Value is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } value ? value : null
        : ((IReadOnlyDictionary<object, object?>)position).GetValueOrDefault(name);

    /// <summary>
    /// A whole number; null: it is not one. Many languages have only one kind of number, so a whole number may come as <c>7.0</c> or as a float.
    /// </summary>
    private static long? Whole(object? value)
    {
        const double end = 1UL << 63;
        return value switch
        {
            JsonElement { ValueKind: JsonValueKind.Number } json => json.TryGetDecimal(out var number) ? Whole(number) : null,
            decimal number => number == decimal.Truncate(number) && number is >= long.MinValue and <= long.MaxValue ? (long)number : null,
            float number => Whole((double)number),
            double number => number == Math.Truncate(number) && number is >= -end and < end ? (long)number : null,
            sbyte or byte or short or ushort or int or uint or long or ulong => Whole(Convert.ToDecimal(value, CultureInfo.InvariantCulture)),
            _ => null,
        };
    }

    private static string Shown(object? value) => value switch
    {
        null => "null",
        JsonElement json => JsonRule.Shortened(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(json))),
        string text => JsonSerializer.Serialize(JsonRule.Shortened(text)),
        bool flag => flag ? "true" : "false",
        byte[] => "binary data",
        Array => "an array",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => "an object",
    };
}
