using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks.Attacks;

/// <summary>What a cluster's services log as an error, or worse, from a moment on: no caller may make them.</summary>
internal sealed class ErrorsLogged
{
    private static readonly string[] Signs = ["fail: ", "crit: ", "Unhandled exception"];

    private readonly ServerProcess[] _services;
    private readonly int[] _seen;

    public ErrorsLogged(Cluster cluster)
    {
        _services = [.. cluster.Gateways, .. cluster.Hubs, .. cluster.Orders];
        _seen = [.. _services.Select(service => Errors(service).Count)];
    }

    public IReadOnlyList<string> New() =>
        [.. _services.SelectMany((service, i) => Errors(service).Skip(_seen[i]).Select(error => $"{service.Name} {error}"))];

    /// <summary>Each with the line below it, which has the text.</summary>
    private static List<string> Errors(ServerProcess service)
    {
        var errors = new List<string>();
        using var log = new FileStream(service.LogFile, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(log);
        while (reader.ReadLine() is { } line)
        {
            if (Signs.Any(sign => line.StartsWith(sign, StringComparison.Ordinal)))
            {
                errors.Add($"{line} {reader.ReadLine()?.Trim()}");
            }
        }

        return errors;
    }
}
