using System.ComponentModel.DataAnnotations;

namespace Notifications.Hubs.Instances;

/// <summary>How a hub process appears to the gateways, section <c>Instance</c>.</summary>
internal sealed class InstanceOptions : IValidatableObject
{
    public const string Section = "Instance";

    /// <summary>
    /// The address at which gateways reach this process, such as <c>http://10.0.0.7:8080</c>. Default: derived from the server's own address.
    /// </summary>
    public string? Address { get; set; }

    /// <summary>How often the registry entry is refreshed. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the entry lives without a refresh. For so long gateways may still send requests to a dead process. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Expiry { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The time over which the clients of a draining process are spread when they are told to reconnect. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan DrainWindow { get; set; } = TimeSpan.FromSeconds(3);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Expiry < 2 * RefreshInterval)
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(Expiry)} is {Expiry} and has to be at least twice {nameof(RefreshInterval)}, {RefreshInterval}: one late refresh must not remove a living instance.");
        }
    }
}
