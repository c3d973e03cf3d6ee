namespace Aspire.Hosting.ApplicationModel;

/// <summary>A resource that is one or more processes of one command.</summary>
public abstract class ProcessResource(string name) : IResourceWithWaitSupport
{
    public string Name { get; } = name;

    internal int Replicas { get; set; } = 1;
    internal HttpEndpoint? Endpoint { get; set; }
    internal string? HealthPath { get; set; }
    internal List<IResource> WaitsFor { get; } = [];

    /// <summary>Asked for anew each time that a process starts, so that addresses and late configuration are known.</summary>
    internal List<Func<IDictionary<string, string>, CancellationToken, ValueTask>> Environment { get; } = [];

    internal abstract (string Command, IReadOnlyList<string> Arguments, string WorkingDirectory) CommandFor(ReplicaContext replica);
}

/// <summary>What one replica's command and environment may depend on.</summary>
internal sealed record ReplicaContext(string InstanceId, Uri? Address);
