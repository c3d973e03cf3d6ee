using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>The words that <c>AppHost.cs</c> is written in.</summary>
public static class ResourceBuilderExtensions
{
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(
        this IDistributedApplicationBuilder builder, string name, string? launchProfileName) where TProject : IProjectMetadata, new() =>
        launchProfileName is null
            ? builder.AddResource(new ProjectResource(name, new TProject()))
            : throw new NotSupportedException($"Local hosting reads no launch profiles: give \"{name}\" launchProfileName: null.");

    public static IResourceBuilder<ConnectionStringResource> AddConnectionString(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new ConnectionStringResource(name, () => builder.Configuration.GetConnectionString(name)));

    public static IResourceBuilder<RedisResource> AddRedis(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new RedisResource(name, Notifications.AppHost.ContainerRuntime.Find()
            ?? throw new DistributedApplicationException($"\"{name}\" needs a container runtime, and neither docker nor podman answers.")));

    public static IResourceBuilder<RedisResource> WithDataVolume(this IResourceBuilder<RedisResource> redis, string? name = null)
    {
        redis.Resource.Volume = name ?? $"notifications-{redis.Resource.Name}-data";
        return redis;
    }

    public static IResourceBuilder<RedisResource> WithPersistence(this IResourceBuilder<RedisResource> redis)
    {
        redis.Resource.Persistent = true;
        return redis;
    }

    public static IResourceBuilder<RedisResource> WithArgs(this IResourceBuilder<RedisResource> redis, Action<CommandLineArgsCallbackContext> callback)
    {
        redis.Resource.ChangeArguments = callback;
        return redis;
    }

    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, bool secret = false) =>
        builder.AddResource(new ParameterResource(name, () => builder.Configuration[$"Parameters:{name}"], secret));

    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret = false)
    {
        var made = new Lazy<string>(value.GetDefaultValue);
        return builder.AddResource(new ParameterResource(name, () => builder.Configuration[$"Parameters:{name}"] ?? made.Value, secret));
    }

    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> project, int replicas)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(replicas);
        project.Resource.Replicas = replicas;
        return project;
    }

    public static IResourceBuilder<ProjectResource> WithHttpEndpoint(this IResourceBuilder<ProjectResource> project, int? port = null)
    {
        project.Resource.Endpoint = new HttpEndpoint { Port = port };
        return project;
    }

    public static IResourceBuilder<ProjectResource> WithExternalHttpEndpoints(this IResourceBuilder<ProjectResource> project)
    {
        project.Resource.Endpoint!.External = true;
        return project;
    }

    public static IResourceBuilder<ProjectResource> WithUrlForEndpoint(
        this IResourceBuilder<ProjectResource> project, string endpointName, Action<ResourceUrlAnnotation> callback)
    {
        var annotation = new ResourceUrlAnnotation { Url = "" };
        callback(annotation);
        project.EndpointNamed(endpointName).DisplayText = annotation.DisplayText;
        return project;
    }

    public static EndpointReference GetEndpoint(this IResourceBuilder<ProjectResource> project, string name)
    {
        project.EndpointNamed(name);
        return new EndpointReference(project.Resource);
    }

    public static IResourceBuilder<ProjectResource> WithHttpHealthCheck(this IResourceBuilder<ProjectResource> project, string path)
    {
        project.Resource.HealthPath = path;
        return project;
    }

    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> waiting, IResourceBuilder<IResource> dependency) where T : IResourceWithWaitSupport
    {
        (waiting.Resource as ProcessResource)?.WaitsFor.Add(dependency.Resource);
        return waiting;
    }

    public static IResourceBuilder<ProjectResource> WithEnvironment(this IResourceBuilder<ProjectResource> project, string name, string? value) =>
        project.WithEnvironment(name, () => value ?? "");

    public static IResourceBuilder<ProjectResource> WithEnvironment(
        this IResourceBuilder<ProjectResource> project, string name, IResourceBuilder<ParameterResource> parameter) =>
        project.WithEnvironment(name, () => parameter.Resource.Value);

    public static IResourceBuilder<ProjectResource> WithEnvironment(this IResourceBuilder<ProjectResource> project, string name, EndpointReference endpoint) =>
        project.WithEnvironment(name, () => endpoint.Url);

    /// <summary>Hands over the connection string: <c>ConnectionStrings__&lt;name&gt;</c>.</summary>
    public static IResourceBuilder<ProjectResource> WithReference(
        this IResourceBuilder<ProjectResource> project, IResourceBuilder<IResourceWithConnectionString> source)
    {
        project.Resource.Environment.Add(async (environment, cancellationToken) =>
            environment[$"ConnectionStrings__{source.Resource.Name}"] = await source.Resource.GetConnectionStringAsync(cancellationToken) ?? "");
        return project;
    }

    /// <summary>Makes <c>http://&lt;name&gt;</c> resolvable: <c>services__&lt;name&gt;__http__0</c>.</summary>
    public static IResourceBuilder<ProjectResource> WithReference(
        this IResourceBuilder<ProjectResource> project, IResourceBuilder<IResourceWithServiceDiscovery> source) =>
        source.Resource is ProcessResource { Endpoint: { } endpoint }
            ? project.WithEnvironment($"services__{source.Resource.Name}__{HttpEndpoint.Name}__0", () => endpoint.Address.ToString().TrimEnd('/'))
            : throw new InvalidOperationException($"\"{source.Resource.Name}\" has no endpoint to refer to. Give it one by WithHttpEndpoint().");

    private static IResourceBuilder<ProjectResource> WithEnvironment(this IResourceBuilder<ProjectResource> project, string name, Func<string> value)
    {
        project.Resource.Environment.Add((environment, _) =>
        {
            environment[name] = value();
            return ValueTask.CompletedTask;
        });
        return project;
    }

    private static HttpEndpoint EndpointNamed(this IResourceBuilder<ProjectResource> project, string name) =>
        project.Resource.Endpoint is { } endpoint && name == HttpEndpoint.Name
            ? endpoint
            : throw new InvalidOperationException($"\"{project.Resource.Name}\" has no endpoint \"{name}\". Local hosting knows one, \"{HttpEndpoint.Name}\", made by WithHttpEndpoint().");
}
