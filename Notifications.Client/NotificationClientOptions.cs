using Microsoft.AspNetCore.Http.Connections.Client;

namespace Notifications.Client;

/// <summary>Where a <see cref="NotificationClient"/> connects, as whom, and how patiently.</summary>
public sealed class NotificationClientOptions
{
    /// <summary>The hub through the gateway, such as <c>https://example.org/hubs/notifications</c>.</summary>
    public required Uri Url { get; init; }

    /// <summary>Asked for each connection, so that an expired token is never the reason that one fails.</summary>
    public Func<CancellationToken, Task<string?>>? AccessToken { get; init; }

    /// <summary>
    /// A stable name for this installation, 1 to 128 characters. With it delivery is at least once, without it live only. Two
    /// clients that run at the same time must not share one.
    /// </summary>
    public string? Device { get; init; }

    /// <summary>Where positions outlive the client. In memory unless set; not used without a <see cref="Device"/>.</summary>
    public IPositionStore Positions { get; init; } = new InMemoryPositionStore();

    /// <summary>
    /// How long the network may be silent before the connection counts as lost. The hub sends something every 15 s (SignalR's
    /// default), so it has to be longer than that. Default 20 s.
    /// </summary>
    public TimeSpan ServerTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often the client sends something, so that the hub knows that it is there. Default 10 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one attempt to connect may take. Default 15 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The first retry, of a connection or of a handler, comes at a random time up to this; the bound then doubles. Default 0.5 s.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Where the bound stops doubling. Default 20 s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How many notifications of one stream wait for the handler; what comes beyond is fetched from the log later. Default 256.</summary>
    public int QueueLength { get; init; } = 256;

    /// <summary>Transports, headers, proxy, certificates and the like.</summary>
    public Action<HttpConnectionOptions>? ConfigureHttp { get; init; }

    /// <summary>Off, what the hub sends twice reaches the application twice: for the proof that the soak run would notice.</summary>
    internal bool Deduplicate { get; init; } = true;

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
