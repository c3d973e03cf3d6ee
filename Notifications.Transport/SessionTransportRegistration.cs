using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Notifications.Transport.HubEnd;
using Notifications.Transport.Links;
using Notifications.Transport.Sockets;

namespace Notifications.Transport;

/// <summary>The link protocol that a hub enters in the registry for the gateways. A hub without this service takes no links.</summary>
internal sealed record OfferedTransport(string Protocol);

/// <summary>Which end of the transport a program is.</summary>
public enum TransportEnd
{
    /// <summary>Opens links to hubs.</summary>
    Gateway,

    /// <summary>Takes links from gateways.</summary>
    Hub,
}

public static class SessionTransportRegistration
{
    private const string ModeKey = "Transport:Mode";

    /// <summary>
    /// Carries all WebSocket sessions between a gateway and a hub over one link, and takes over their sockets from Kestrel. The program is
    /// plain Kestrel, YARP and SignalR without this call, with <c>Transport:Mode=Plain</c> (<see cref="TransportMode"/>), and on
    /// other systems than Linux. The program still works fully then. At the start, one line of the log says which transport is used.
    /// </summary>
    /// <param name="builder">The builder of the program.</param>
    /// <param name="end">Which end the program is.</param>
    /// <param name="impossible">Why links are not possible. Null when they are.</param>
    /// <exception cref="InvalidOperationException"><c>Transport:Mode</c> is not a <see cref="TransportMode"/>.</exception>
    public static void AddSessionTransport(this IHostApplicationBuilder builder, TransportEnd end, string? impossible = null)
    {
        var reason = !OperatingSystem.IsLinux() ? "links need Linux."
            : ModeOf(builder.Configuration) is TransportMode.Plain ? $"{ModeKey} is {TransportMode.Plain}."
            : impossible;
        builder.Services.AddSingleton<IStartupFilter>(services => new StartLine(reason, services.GetRequiredService<ILogger<SessionTransport>>()));
        if (reason is not null)
        {
            if (end is TransportEnd.Gateway)
            {
                builder.Services.AddInlineCompletions();
            }

            return;
        }

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<TransportHealth>();
        builder.Services.AddHealthChecks().AddCheck<TransportHealth>("session transport");
        builder.Services.AddSingleton<IConnectionListenerFactory, LoopTransport>();
        if (end is TransportEnd.Gateway)
        {
            builder.Services.AddSingleton<SessionTransport>();
        }
        else
        {
            builder.Services.AddSingleton(new OfferedTransport(LinkFrame.Protocol));
            builder.Services.AddSingleton<IStartupFilter, LinkReception>();
        }
    }

    /// <summary>
    /// Lets the threads that wait for sockets also do what follows, instead of waking other threads for it. Nothing of a gateway blocks such a thread: YARP and
    /// the middlewares await whatever takes time. (Only .NET's console logger can, when nobody reads the output of the process, and then it stops any thread.) At a hub, an adopter's <c>TopicPolicy</c> or hub filter may block, so a hub keeps .NET's default. A value of the
    /// variable that the process was started with stays: 0 switches all of this off.
    /// </summary>
    private static void AddInlineCompletions(this IServiceCollection services)
    {
        const string variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
        if (Environment.GetEnvironmentVariable(variable) is null)
        {
            // .NET reads it when the process opens its first socket.
            Environment.SetEnvironmentVariable(variable, "1");
        }

        services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = Environment.GetEnvironmentVariable(variable) == "1");
    }

    private static TransportMode ModeOf(IConfiguration configuration) =>
        configuration[ModeKey] is not { } text ? TransportMode.Links
        : Enum.TryParse<TransportMode>(text, ignoreCase: true, out var mode) && Enum.IsDefined(mode) ? mode
        : throw new InvalidOperationException($"{ModeKey} is \"{text}\" and has to be {TransportMode.Links} or {TransportMode.Plain}.");

    private sealed class StartLine(string? reason, ILogger logger) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next)
        {
            if (reason is null)
            {
                Log.Links(logger);
            }
            else
            {
                Log.Plain(logger, reason);
            }

            return next;
        }
    }
}
