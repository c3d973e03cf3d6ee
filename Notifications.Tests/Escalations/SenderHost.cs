using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Notifications.Hubs;
using Notifications.Hubs.Escalations;
using Notifications.Hubs.Escalations.Apns;
using Notifications.Hubs.Escalations.Fcm;
using Notifications.Messaging.Escalations;

namespace Notifications.Tests.Escalations;

/// <summary>The senders as a hub registers them, without the rest of it and without Redis.</summary>
internal sealed class SenderHost : IDisposable
{
    private readonly IHost _host;

    /// <param name="time">The clock.</param>
    /// <param name="configure">What a test has otherwise than a service.</param>
    /// <param name="settings">Configuration; of two with one key the last counts.</param>
    public SenderHost(TimeProvider time, Action<IServiceCollection> configure, params (string Key, string? Value)[] settings)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Production, DisableDefaults = true });
        builder.Logging.AddProvider(Logs);
        builder.Configuration.AddInMemoryCollection();
        foreach (var (key, value) in settings)
        {
            builder.Configuration[key] = value;
        }

        builder.AddServiceDefaults();
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton<HubTelemetry>();
        builder.AddEscalation();
        configure(builder.Services);
        Configuration = builder.Configuration;
        _host = builder.Build();
    }

    public CapturedLogs Logs { get; } = new();

    public ConfigurationManager Configuration { get; }

    public FcmSender Fcm => _host.Services.GetRequiredService<FcmSender>();

    public ApnsSender Apns => _host.Services.GetRequiredService<ApnsSender>();

    public PushProvider Provider(PushPlatform platform) => _host.Services.GetServices<PushProvider>().Single(provider => provider.Platform == platform);

    /// <exception cref="OptionsValidationException">What the start of a hub would say.</exception>
    public void ValidateOptions() => _host.Services.GetRequiredService<IStartupValidator>().Validate();

    /// <summary>Changes a setting as an operator does while it runs.</summary>
    public void Set(params (string Key, string? Value)[] settings)
    {
        foreach (var (key, value) in settings)
        {
            Configuration[key] = value;
        }

        ((IConfigurationRoot)Configuration).Reload();
    }

    public void Dispose() => _host.Dispose();
}
