using Aspire.Hosting.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly HostApplicationBuilder _host;
    private readonly List<IResource> _resources = [];
    private readonly TestingSession? _testing = TestingSession.Current;

    public DistributedApplicationBuilder(string[] args)
    {
        var configuration = new ConfigurationManager();
        if (_testing is not null)
        {
            configuration.AddInMemoryCollection(TestingSession.Defaults);
        }

        _host = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            Args = args,
            ApplicationName = AppHostAssembly.Name,
            ContentRootPath = AppHostAssembly.Directory,
            Configuration = configuration,
        });
        _host.Logging.AddFilter("Microsoft.Hosting", LogLevel.Warning);
        _host.Services.Configure<HostOptions>(options => options.ShutdownTimeout = Orchestrator.LongestStop + TimeSpan.FromSeconds(5));
        _host.Services.TryAddSingleton(TimeProvider.System);
        _host.Services.AddSingleton<ResourceNotificationService>();
        _host.Services.AddSingleton<Watchdog>();
        _host.Services.AddSingleton<Orchestrator>();
        _host.Services.AddSingleton(services => new ResourceCommandService(
            services.GetRequiredService<Orchestrator>(), services.GetRequiredService<ResourceNotificationService>()));
        _host.Services.AddHostedService<OrphanDetector>();
    }

    public ConfigurationManager Configuration => _host.Configuration;
    public IHostEnvironment Environment => _host.Environment;
    public IServiceCollection Services => _host.Services;
    public DistributedApplicationExecutionContext ExecutionContext { get; } = new();
    public string AppHostDirectory => AppHostAssembly.Directory;

    public IResourceBuilder<T> AddResource<T>(T resource) where T : IResource
    {
        if (_resources.Any(existing => existing.Name == resource.Name))
        {
            throw new DistributedApplicationException($"There is a resource named \"{resource.Name}\" already. Names have to be unique.");
        }

        _resources.Add(resource);
        return new ResourceBuilder<T>(this, resource);
    }

    public DistributedApplication Build()
    {
        _testing?.Offer(this);
        if (_testing is null)
        {
            Dashboard.Add(this);
        }

        _host.Services.AddSingleton<IReadOnlyList<IResource>>(_resources);
        // Last, so that what the model's author registered, such as an embedded server, is there before a process starts.
        _host.Services.AddHostedService(services => services.GetRequiredService<Orchestrator>());
        var application = new DistributedApplication(_host.Build(), runs: _testing is null);
        _testing?.Complete(application);
        return application;
    }
}
