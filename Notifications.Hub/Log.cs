namespace Notifications.Hubs;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Information, "Hub instance {Instance} serves at {Address}.")]
    public static partial void Registered(ILogger logger, string instance, string address);

    [LoggerMessage(LogLevel.Information, "Hub instance {Instance} drains {Connections} connections over {Window}.")]
    public static partial void Draining(ILogger logger, string instance, int connections, TimeSpan window);

    [LoggerMessage(LogLevel.Error, "{Method} failed on connection {ConnectionId}.")]
    public static partial void InvocationFailed(ILogger logger, string method, string connectionId, Exception exception);

    [LoggerMessage(LogLevel.Debug, "The token of connection {ConnectionId} of user {User} expired or was revoked. The connection is closed.")]
    public static partial void TokenExpired(ILogger logger, string connectionId, string? user);

    [LoggerMessage(LogLevel.Debug, "An operator closed connection {ConnectionId} of user {User}.")]
    public static partial void ConnectionEnded(ILogger logger, string connectionId, string? user);

    [LoggerMessage(LogLevel.Information, "Operator {Operator} closes the connections of user {User}. {Hubs} hubs were told.")]
    public static partial void ConnectionsEnded(ILogger logger, string? @operator, string user, long hubs);

    [LoggerMessage(LogLevel.Information, "Operator {Operator} revokes the tokens of user {User} issued until {Until:u} and closes their connections. {Hubs} hubs were told.")]
    public static partial void TokensRevoked(ILogger logger, string? @operator, string user, DateTimeOffset until, long hubs);

    [LoggerMessage(LogLevel.Information, "Hub instance {Instance} takes new sessions again; {Connections} connections had not left.")]
    public static partial void DrainTakenBack(ILogger logger, string instance, int connections);

    [LoggerMessage(LogLevel.Error, "Hub instance {Instance} could not hand over all of its connections. {Connections} are left, and it takes no new ones.")]
    public static partial void DrainIncomplete(ILogger logger, string instance, int connections, Exception exception);

    [LoggerMessage(LogLevel.Information, "Operator {Operator} drains hub instance {Instance}.")]
    public static partial void DrainOrdered(ILogger logger, string? @operator, string instance);

    [LoggerMessage(LogLevel.Information, "Operator {Operator} takes hub instance {Instance} back into service.")]
    public static partial void DrainCalledOff(ILogger logger, string? @operator, string instance);

    [LoggerMessage(LogLevel.Information, "Operator {Operator} reads the last notifications of user {User} with their payloads.")]
    public static partial void PayloadsShown(ILogger logger, string? @operator, string user);

    [LoggerMessage(LogLevel.Information, "Operator {Operator} sends user {User} a test notification, {Id}.")]
    public static partial void TestSent(ILogger logger, string? @operator, string user, string id);

    [LoggerMessage(LogLevel.Warning, "A message or a question of another hub could not be handled.")]
    public static partial void HubMessageNotHandled(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Warning, "A message of another hub is unknown to this version and was ignored.")]
    public static partial void NotAHubMessage(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Information, "Push provider {Provider} is on: {Sender}.")]
    public static partial void ProviderOn(ILogger logger, PushPlatform provider, string sender);

    [LoggerMessage(LogLevel.Information, "Push provider {Provider} is off: {Section} is not configured. Notifications for its phones are dropped.")]
    public static partial void ProviderOff(ILogger logger, PushPlatform provider, string section);

    [LoggerMessage(LogLevel.Critical, "Push provider {Provider} refuses this configuration ({Reason}) and is stopped until {Section} changes. Notifications for its phones wait until then, each up to its time to live.")]
    public static partial void ProviderStopped(ILogger logger, PushPlatform provider, string reason, string section);

    [LoggerMessage(LogLevel.Warning, "Push provider {Provider} fails again and again ({Reason}); nothing is sent to it for {Pause}.")]
    public static partial void ProviderPaused(ILogger logger, PushPlatform provider, string reason, TimeSpan pause);

    [LoggerMessage(LogLevel.Warning, "A send to push provider {Provider} of {Stream}, offset {Offset}, failed and is tried again.")]
    public static partial void SendFailed(ILogger logger, PushPlatform provider, StreamName stream, long offset, Exception exception);

    [LoggerMessage(LogLevel.Error, "Push provider {Provider} rejects the notification at offset {Offset} of {Stream}: {Reason}. It is not tried again.")]
    public static partial void PushRejected(ILogger logger, PushPlatform provider, StreamName stream, long offset, string reason);

    [LoggerMessage(LogLevel.Warning, "The notification at offset {Offset} of {Stream} did not get to a phone within its time to live, in {Attempts} attempts.")]
    public static partial void PushExpired(ILogger logger, StreamName stream, long offset, int attempts);

    [LoggerMessage(LogLevel.Information, "Phone {Device} of user {User} is forgotten: {Provider} says {Reason}.")]
    public static partial void PhoneForgotten(ILogger logger, string user, string device, PushPlatform provider, string reason);

    [LoggerMessage(LogLevel.Information, "With a push provider, phone {Device} of user {User} would get: {Title} {Body}")]
    public static partial void WouldPush(ILogger logger, string user, string device, string? title, string? body);

    [LoggerMessage(LogLevel.Error, "The escalation \"{Escalation}\" is not of the form \"attempt offset id stream [device]\" and is left for an instance that can read it.")]
    public static partial void UnreadableEscalation(ILogger logger, string escalation);

    [LoggerMessage(LogLevel.Error, "The notification at offset {Offset} of {Stream} can't be read and goes to no phone.")]
    public static partial void EscalationUnreadable(ILogger logger, StreamName stream, long offset, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The escalation of {Stream}, offset {Offset}, took longer than its lease of {Lease}: another instance took it, and its phones may get it twice.")]
    public static partial void LeaseLost(ILogger logger, StreamName stream, long offset, TimeSpan lease);
}
