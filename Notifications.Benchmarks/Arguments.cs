using System.Globalization;

namespace Notifications.Benchmarks;

/// <summary>The options of a command, <c>--rate 2000 --no-deduplication</c>. Each is asked for once; what nobody asked for is a mistake.</summary>
internal sealed class Arguments
{
    private const string Prefix = "--";

    private readonly Dictionary<string, string?> _given = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">A value stands without its option.</exception>
    public Arguments(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (!arguments[i].StartsWith(Prefix, StringComparison.Ordinal))
            {
                throw new ArgumentException($"\"{arguments[i]}\" is no option. Options are written {Prefix}name or {Prefix}name value.");
            }

            var hasValue = i + 1 < arguments.Count && !arguments[i + 1].StartsWith(Prefix, StringComparison.Ordinal);
            _given[arguments[i][Prefix.Length..]] = hasValue ? arguments[++i] : null;
        }
    }

    /// <exception cref="ArgumentException">The value is no number from <paramref name="least"/> up.</exception>
    public int Number(string name, int standard, int least = 0)
    {
        if (!_given.Remove(name, out var value))
        {
            return standard;
        }

        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw new ArgumentException($"{Prefix}{name} is \"{value}\" and has to be a whole number from {least} up.");
    }

    /// <summary>What stands behind the option; null if it was not given.</summary>
    /// <exception cref="ArgumentException">Nothing stands behind it.</exception>
    public string? Text(string name) => !_given.Remove(name, out var value)
        ? null
        : value ?? throw new ArgumentException($"{Prefix}{name} needs a value behind it.");

    public bool Flag(string name) => _given.Remove(name, out var value) && value is null
        ? true
        : value is null ? false : throw new ArgumentException($"{Prefix}{name} takes no value, and got \"{value}\".");

    /// <exception cref="ArgumentException">An option was given that no command asked for.</exception>
    public void ThrowIfUnknown()
    {
        if (_given.Count > 0)
        {
            throw new ArgumentException($"There is no option {Prefix}{_given.Keys.First()}. README.md lists what there is.");
        }
    }
}
