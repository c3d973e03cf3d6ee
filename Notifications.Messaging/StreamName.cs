using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Notifications.Messaging;

/// <summary>
/// The name of a stream: <c>user:&lt;id&gt;</c> for one person or <c>topic:&lt;name&gt;</c> for everyone who subscribes.
/// </summary>
/// <remarks>
/// The part after the kind has 1 to <see cref="MaxIdLength"/> characters out of ASCII letters, digits and
/// <c>. _ - ~ @ + = : | / ! $</c>. Redis keys and channels contain it, so characters with a meaning there (braces, wildcards, white space, control characters)
/// are not allowed.
/// </remarks>
public readonly record struct StreamName
{
    /// <summary>The longest user id or topic name, in characters.</summary>
    public const int MaxIdLength = 128;
    private const string UserKind = "user:";
    private const string TopicKind = "topic:";
    private const string Rule = "is no stream name: it has to be user:<id> or topic:<name>, the id 1 to 128 characters out of a-z A-Z 0-9 . _ - ~ @ + = : | / ! $.";

    private static readonly SearchValues<char> IdCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-~@+=:|/!$");

    private readonly string? _value;

    private StreamName(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("This StreamName was never given a value. Make it with User, Topic or Parse.");

    public bool IsUser => Value.StartsWith(UserKind, StringComparison.Ordinal);

    /// <summary>The user id or the topic name, without the kind.</summary>
    public string Id => Value[(IsUser ? UserKind.Length : TopicKind.Length)..];

    /// <exception cref="ArgumentException"><paramref name="id"/> breaks the rule above.</exception>
    public static StreamName User(string id) => Parse(UserKind + id);

    /// <exception cref="ArgumentException"><paramref name="name"/> breaks the rule above.</exception>
    public static StreamName Topic(string name) => Parse(TopicKind + name);

    /// <exception cref="ArgumentException"><paramref name="value"/> breaks the rule above.</exception>
    public static StreamName Parse(string value) =>
        TryParse(value, out var name) ? name : throw new ArgumentException(Refusal(value), nameof(value));

    public static bool TryParse([NotNullWhen(true)] string? value, out StreamName name)
    {
        var id = value switch
        {
            not null when value.StartsWith(UserKind, StringComparison.Ordinal) => value.AsSpan(UserKind.Length),
            not null when value.StartsWith(TopicKind, StringComparison.Ordinal) => value.AsSpan(TopicKind.Length),
            _ => default,
        };
        var valid = IsValidId(id);
        name = valid ? new StreamName(value!) : default;
        return valid;
    }

    public override string ToString() => Value;

    /// <summary>The rule for everything that becomes a part of a Redis name: user ids, topics, notification ids, devices.</summary>
    public static bool IsValidId(ReadOnlySpan<char> id) =>
        id.Length is > 0 and <= MaxIdLength && !id.ContainsAnyExcept(IdCharacters);

    /// <summary>The error message about a text that is no stream name.</summary>
    internal static string Refusal(string? value) => $"\"{Printable(value ?? "")}\" {Rule}";

    private static string Printable(string value) =>
        string.Concat(value.Take(MaxIdLength + TopicKind.Length).Select(c => char.IsControl(c) ? '\uFFFD' : c));
}
