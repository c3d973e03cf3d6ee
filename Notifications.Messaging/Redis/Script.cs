using StackExchange.Redis;

namespace Notifications.Messaging.Redis;

/// <summary>A Lua script of this assembly, preceded by the functions that all scripts share. It is run by its hash once Redis knows it.</summary>
internal sealed class Script
{
    private const string Shared = "stream.lua";
    private readonly string _text;

    private Script(string text) => _text = text;

    public static Script Load(string name) => new(Read(Shared) + Read(name));

    public Task<RedisResult> RunAsync(IDatabase database, RedisKey[] keys, RedisValue[] arguments) =>
        database.ScriptEvaluateAsync(_text, keys, arguments);

    /// <summary>
    /// Runs on this server only, and never by the hash: an unknown hash needs a second attempt, which would come after the commands sent since the first.
    /// </summary>
    public Task<RedisResult> RunAsync(IServer server, RedisKey[] keys, RedisValue[] arguments) => server.ExecuteAsync(
        "EVAL",
        [_text, keys.Length, .. keys.Cast<object>(), .. arguments.Cast<object>()],
        CommandFlags.NoRedirect);

    private static string Read(string name)
    {
        using var stream = typeof(Script).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The script {name} is not embedded in {typeof(Script).Assembly.GetName().Name}.");
        using var reader = new StreamReader(stream);
        // Blank lines and comments are left out, because StackExchange.Redis looks a script up by its whole text each time.
        var lines = reader.ReadToEnd().Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith("--", StringComparison.Ordinal));
        return string.Join('\n', lines) + "\n";
    }
}
