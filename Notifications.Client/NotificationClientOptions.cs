using Microsoft.AspNetCore.Http.Connections.Client;

namespace Notifications.Client;

/// <summary>The options of a <see cref="NotificationClient"/>: the hub, the token, the device, and the time limits.</summary>
public sealed class NotificationClientOptions
{
    /// <summary>The hub through the gateway, such as <c>https://example.org/hubs/notifications</c>.</summary>
    public required Uri Url { get; init; }

    /// <summary>Returns the access token. Called for each connection, so no connection fails because its token has expired.</summary>
    public Func<CancellationToken, Task<string?>>? AccessToken { get; init; }

    /// <summary>
    /// A stable name for this installation, 1 to 128 characters. With a device delivery is at least once, without a device live only. Two
    /// clients that run at the same time must not share a device.
    /// </summary>
    public string? Device { get; init; }

    /// <summary>Where positions are kept. Default: in memory, so they are lost with the process. Not used without a <see cref="Device"/>.</summary>
    public IPositionStore Positions { get; init; } = new InMemoryPositionStore();

    /// <summary>
    /// How long the network may be silent before the connection counts as lost. The hub sends something every 15 s (SignalR's
    /// default), so this has to be longer than 15 s. Default 20 s.
    /// </summary>
    public TimeSpan ServerTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often the client sends something, so that the hub knows that the client is there. Default 10 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one attempt to connect may take. Default 15 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The first bound of the waits between attempts, of a connection or of a handler. Each wait is a
    /// random time up to the bound, which then doubles. Default 0.5 s.
    /// </summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The largest bound of the waits between attempts. Default 20 s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How many notifications of one stream wait for the handler. Further notifications are fetched from the log later. Default 256.</summary>
    public int QueueLength { get; init; } = 256;

    /// <summary>Sets transports, headers, proxy, certificates and other options of SignalR's connection.</summary>
    public Action<HttpConnectionOptions>? ConfigureHttp { get; init; }

    /// <summary>When false, the application gets the hub's duplicates. Used to prove that the soak run notices them.</summary>
    internal bool Deduplicate { get; init; } = true;

    internal bool IsDurable => Device is not null;

    internal void Check()
    {
        Require(Url.IsAbsoluteUri, nameof(Url), Url, "an absolute URL");
        Require(ServerTimeout > TimeSpan.Zero, nameof(ServerTimeout), ServerTimeout, "longer than nothing");
        Require(KeepAlive > TimeSpan.Zero, nameof(KeepAlive), KeepAlive, "longer than nothing");
        Require(ConnectTimeout > TimeSpan.Zero, nameof(ConnectTimeout), ConnectTimeout, "longer than nothing");
        Require(MinDelay > TimeSpan.Zero, nameof(MinDelay), MinDelay, "longer than nothing");
        Require(MaxDelay >= MinDelay, nameof(MaxDelay), MaxDelay, $"no shorter than {nameof(MinDelay)}, {MinDelay}");
        Require(QueueLength > 0, nameof(QueueLength), QueueLength, "1 or more");
        Require(Device is null or { Length: > 0 and <= 128 }, nameof(Device), Device, "null or 1 to 128 characters long");
    }

    private static void Require(bool holds, string name, object? value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"{nameof(NotificationClientOptions)}.{name} is {value} and has to be {rule}.");
        }
    }
}
