namespace Aspire.Hosting.ApplicationModel;

public interface IResource
{
    string Name { get; }
}

public interface IResourceWithEnvironment : IResource;

public interface IResourceWithWaitSupport : IResource;

public interface IResourceWithServiceDiscovery : IResource;

public interface IResourceWithConnectionString : IResource
{
    ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default);
}

/// <summary>A value that is known when the system runs: configured under <c>Parameters:&lt;name&gt;</c>, or made up.</summary>
public sealed class ParameterResource(string name, Func<string?> value, bool secret) : IResource
{
    public string Name { get; } = name;
    public bool Secret { get; } = secret;

    internal string Value => value() ?? throw new DistributedApplicationException(
        $"The parameter \"{Name}\" has no value. Set Parameters__{Name.Replace('-', '_')}, or Parameters:{Name} in configuration.");
}

/// <summary>A server that somebody else runs, named by <c>ConnectionStrings:&lt;name&gt;</c>.</summary>
public sealed class ConnectionStringResource(string name, Func<string?> value) : IResourceWithConnectionString, IResourceWithWaitSupport
{
    public string Name { get; } = name;

    public ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult<string?>(
        value() ?? throw new DistributedApplicationException($"The connection string \"{Name}\" is missing. Set ConnectionStrings__{Name}."));
}

public sealed class ProjectResource : ProcessResource, IResourceWithEnvironment, IResourceWithServiceDiscovery
{
    internal ProjectResource(string name, IProjectMetadata project) : base(name) => Project = project;

    internal IProjectMetadata Project { get; }

    internal override (string Command, IReadOnlyList<string> Arguments, string WorkingDirectory) CommandFor(ReplicaContext replica)
    {
        var directory = Path.GetDirectoryName(Project.ProjectPath)!;
        var assembly = Path.Combine(
            directory, "bin", AppHostAssembly.Configuration, AppHostAssembly.TargetFramework, Path.GetFileNameWithoutExtension(Project.ProjectPath) + ".dll");
        if (!File.Exists(assembly))
        {
            throw new DistributedApplicationException($"\"{Name}\" is not built: {assembly} is missing. Build the solution first.");
        }

        return (System.Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet", ["exec", assembly], directory);
    }
}

/// <summary>Redis in a container of the machine's own runtime.</summary>
public sealed class RedisResource : ProcessResource, IResourceWithConnectionString
{
    private const int RedisPort = 6379;
    private readonly string _runtime;

    internal RedisResource(string name, string runtime) : base(name)
    {
        _runtime = runtime;
        Endpoint = new HttpEndpoint();
    }

    internal string? Volume { get; set; }
    internal bool Persistent { get; set; }
    internal Action<CommandLineArgsCallbackContext>? ChangeArguments { get; set; }

    public ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<string?>($"localhost:{Endpoint!.Address.Port}");

    /// <summary>In the foreground: the client hands SIGTERM on to the container, and <c>--rm</c> leaves nothing behind.</summary>
    internal override (string Command, IReadOnlyList<string> Arguments, string WorkingDirectory) CommandFor(ReplicaContext replica) =>
        (_runtime,
        [
            "run", "--rm", "--publish", $"127.0.0.1:{replica.Address!.Port}:{RedisPort}",
            .. Volume is null ? (IEnumerable<string>)[] : ["--volume", $"{Volume}:/data"],
            "--entrypoint", "/bin/sh", "docker.io/library/redis:8", .. ShellArguments(),
        ], AppHostAssembly.Directory);

    /// <summary>As Aspire has them, so that what changes them there does so here.</summary>
    private IEnumerable<string> ShellArguments()
    {
        var context = new CommandLineArgsCallbackContext(["-c", Persistent ? "exec redis-server --save 60 1" : "exec redis-server"]);
        ChangeArguments?.Invoke(context);
        return context.Args.Cast<string>();
    }
}

/// <summary>The arguments of a container, for a callback to change.</summary>
public sealed class CommandLineArgsCallbackContext(IList<object> args)
{
    public IList<object> Args => args;
}

/// <summary>Where a project's file is; one class for each referenced project, in the namespace <c>Projects</c>.</summary>
public interface IProjectMetadata
{
    string ProjectPath { get; }
}
