using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Notifications.Testing.Clusters;

namespace Notifications.Tests.Attacks;

/// <summary>The users that docs/redis.md tells to make, with passwords, as a file for redis-server.</summary>
internal sealed partial class DocumentedAcl : IDisposable
{
    public const string Gateway = "notifications-gateway";
    public const string Hub = "notifications-hub";
    public const string Orders = "notifications-orders";
    public const string Publisher = "notifications-publisher";

    /// <summary>Who looks after the server in a test.</summary>
    public const string Administrator = "default";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-acl-");
    private readonly Dictionary<string, string> _passwords = [];

    /// <param name="keyPrefix">Of the environment: the page says where it has to stand.</param>
    public DocumentedAcl(string keyPrefix = "")
    {
        var page = System.IO.File.ReadAllText(Path.Combine(Path.GetDirectoryName(Programs.Solution)!, "docs", "redis.md"));
        var users = Block().Match(page) is { Success: true } block
            ? block.Groups["users"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : throw new InvalidOperationException("docs/redis.md has no block ```acl with the users.");
        // The tests' own connection is the default user, which the page turns off.
        string[] lines = [.. users.Where(user => user != $"user {Administrator} off").Select(user => WithPassword(WithPrefix(user, keyPrefix))), $"user {Administrator} on nopass ~* &* +@all"];
        File = Path.Combine(_directory.FullName, "users.acl");
        System.IO.File.WriteAllLines(File, lines);
        if (lines.Length != users.Length || _passwords.Count != lines.Length - 1)
        {
            throw new InvalidOperationException($"docs/redis.md has to turn the user {Administrator} off and to give each other user a password.");
        }
    }

    public string File { get; }

    public IEnumerable<string> Passwords => _passwords.Values;

    /// <summary>How that user connects.</summary>
    public string ConnectionString(string server, string user) => $"{server},user={user},password={_passwords[user]}";

    public void Dispose() => _directory.Delete(recursive: true);

    [GeneratedRegex(@"^```acl\n(?<users>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^user (?<name>\S+) on >(?<word>[A-Z_]+) ")]
    private static partial Regex User();

    private static string WithPrefix(string line, string keyPrefix) =>
        line.Replace("~n:", $"~{keyPrefix}n:", StringComparison.Ordinal).Replace("&n:", $"&{keyPrefix}n:", StringComparison.Ordinal);

    private string WithPassword(string line)
    {
        var user = User().Match(line);
        var password = _passwords[user.Groups["name"].Value] = RandomNumberGenerator.GetHexString(32);
        return line.Replace($">{user.Groups["word"].Value}", $">{password}", StringComparison.Ordinal);
    }
}
