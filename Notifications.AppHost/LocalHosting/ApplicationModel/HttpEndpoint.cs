namespace Aspire.Hosting.ApplicationModel;

/// <summary>The one HTTP endpoint of a resource, named <c>http</c>.</summary>
internal sealed class HttpEndpoint
{
    public const string Name = "http";

    private Uri? _address;

    /// <summary>The wanted port; null for any free one.</summary>
    public int? Port { get; init; }
    public bool External { get; set; }
    public string? DisplayText { get; set; }

    /// <summary>Where others reach the resource.</summary>
    public Uri Address
    {
        get => _address ?? throw new InvalidOperationException("The endpoint has no address before the application starts.");
        set => _address = value;
    }
}

/// <summary>An endpoint's address as a value for another resource's environment.</summary>
public sealed class EndpointReference
{
    internal EndpointReference(ProcessResource resource) => Resource = resource;

    internal ProcessResource Resource { get; }
    public string Url => Resource.Endpoint!.Address.ToString().TrimEnd('/');
}

public sealed class ResourceUrlAnnotation
{
    public required string Url { get; set; }
    public string? DisplayText { get; set; }
}
