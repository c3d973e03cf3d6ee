namespace Notifications.Gateway;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Count} hub instances: {Instances}")]
    public static partial void InstancesChanged(ILogger logger, int count, string instances);

    [LoggerMessage(2, LogLevel.Warning, "The list of hub instances can't be read: {Reason} The last known {Count} instances stay in use. The gateway keeps trying.")]
    public static partial void RegistryUnreadable(ILogger logger, string reason, int count);

    [LoggerMessage(3, LogLevel.Information, "The list of hub instances is readable again: {Count} instances.")]
    public static partial void RegistryIsBack(ILogger logger, int count);

    [LoggerMessage(4, LogLevel.Warning, "Hub instance \"{Instance}\" is left out: its address \"{Address}\" is no http:// or https:// URL.")]
    public static partial void AddressInvalid(ILogger logger, string instance, string address);

    [LoggerMessage(5, LogLevel.Warning, "{Cluster} instance \"{Instance}\" at {Address} can't be reached: {Reason}. It gets no requests for {Pause}. After that, one request tries it again.")]
    public static partial void Unreachable(ILogger logger, string cluster, string instance, string address, string reason, TimeSpan pause);

    [LoggerMessage(6, LogLevel.Information, "{Cluster} instance \"{Instance}\" can be reached again.")]
    public static partial void ReachableAgain(ILogger logger, string cluster, string instance);

    [LoggerMessage(7, LogLevel.Information, "Stopping with {Sessions} sessions. /health is not ready from now on. New sessions are refused in {Notice}.")]
    public static partial void Leaving(ILogger logger, int sessions, TimeSpan notice);

    [LoggerMessage(8, LogLevel.Information, "Taking no new sessions, and ending {Sessions} over {Window}.")]
    public static partial void EndingSessions(ILogger logger, int sessions, TimeSpan window);
}
