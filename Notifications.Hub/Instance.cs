using System.Security.Cryptography;

namespace Notifications.Hubs;

/// <summary>This process among the running hubs.</summary>
public sealed class Instance(IConfiguration configuration)
{
    private const string ResourceAttributes = "OTEL_RESOURCE_ATTRIBUTES";
    private const string InstanceAttribute = "service.instance.id=";

    /// <summary>
    /// The id that the host gave to this process (OpenTelemetry's <c>service.instance.id</c>), so that traces and registry agree; else a random one.
    /// </summary>
    public string Id { get; } =
        configuration[ResourceAttributes]?.Split(',')
            .FirstOrDefault(attribute => attribute.StartsWith(InstanceAttribute, StringComparison.Ordinal))?[InstanceAttribute.Length..]
        ?? RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz", 8);

    /// <summary>It was told to stop.</summary>
    public bool IsStopping { get; internal set; }

    /// <summary>An operator has drained it.</summary>
    public bool IsDrained { get; internal set; }

    /// <summary>It keeps its connections for a while and takes no new ones.</summary>
    public bool IsDraining => IsStopping || IsDrained;
}
