using System.ComponentModel.DataAnnotations;

namespace Notifications.Gateway.Limits;

/// <summary>The limits for one caller of a gateway: the section <c>Gateway:Limits</c>. 0 means no limit, unless the setting says otherwise.</summary>
internal sealed class LimitOptions : IValidatableObject
{
    public const string Section = $"{GatewayOptions.Section}:Limits";

    /// <summary>Requests from one address that begin a session or open its stream. A client that negotiates sends two of them, any other client one.</summary>
    public Rate HandshakesPerAddress { get; set; } = new() { PerSecond = 200, Burst = 4_000 };

    /// <summary>Sessions that one user begins.</summary>
    public Rate HandshakesPerUser { get; set; } = new() { PerSecond = 5, Burst = 50 };

    /// <summary>
    /// Requests of one user that neither begin a session nor publish: other APIs, long polls, and the messages of a client without a WebSocket.
    /// </summary>
    public Rate RequestsPerUser { get; set; } = new() { PerSecond = 500, Burst = 1_000 };

    /// <summary>Publish requests of one caller. Each may have up to 1,000 notifications, which the hubs count.</summary>
    public Rate PublishesPerUser { get; set; } = new() { PerSecond = 2_000, Burst = 4_000 };

    /// <summary>Sessions that one user has open through this gateway.</summary>
    public int ConnectionsPerUser { get; set; } = 100;

    /// <summary>TCP connections from one address, with or without a token. Further connections are closed at once. Known proxies have no limit.</summary>
    public int ConnectionsPerAddress { get; set; } = 2_500;

    /// <summary>Sessions that this gateway has open at once. Null: on Linux as many as its open files allow, on other systems no limit.</summary>
    public int? Sessions { get; set; }

    /// <summary>The largest body of an API request, in bytes. Each of the three body sizes has to be at least 1.</summary>
    public int BodyBytes { get; set; } = 64 * 1024;

    /// <summary>The largest body of <c>POST /api/notifications</c>, in bytes.</summary>
    public int PublishBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The largest body that a client without a WebSocket sends to the hub, in bytes. A body may have several messages.</summary>
    public int SendBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// The size of all headers of a request together, in bytes: at least 1 KiB. A token in the query is
    /// part of the request line, whose limit is 8 KiB: <see cref="RequestLineLimit"/>.
    /// </summary>
    public int HeaderBytes { get; set; } = 16 * 1024;

    /// <summary>How long a client may take to send a request's headers.</summary>
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection without a request is kept.</summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The lowest rate at which a body may arrive and a client may take an answer, in bytes per second, after the first 5 s.</summary>
    public int SlowestBytesPerSecond { get; set; } = 240;

    /// <summary>How long an API request may take in total.</summary>
    public TimeSpan ApiTimeout { get; set; } = TimeSpan.FromSeconds(30);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string Name, int Value, int Min)[] counts =
        [
            (nameof(ConnectionsPerUser), ConnectionsPerUser, 0), (nameof(ConnectionsPerAddress), ConnectionsPerAddress, 0), (nameof(Sessions), Sessions ?? 0, 0),
            (nameof(BodyBytes), BodyBytes, 1), (nameof(PublishBytes), PublishBytes, 1), (nameof(SendBytes), SendBytes, 1),
            (nameof(HeaderBytes), HeaderBytes, 1024), (nameof(SlowestBytesPerSecond), SlowestBytesPerSecond, 0),
        ];
        foreach (var (name, value, min) in counts.Where(count => count.Value < count.Min))
        {
            yield return new ValidationResult($"{Section}:{name} is {value} and has to be {min} or more.");
        }

        (string Name, Rate Value)[] rates =
        [
            (nameof(HandshakesPerAddress), HandshakesPerAddress), (nameof(HandshakesPerUser), HandshakesPerUser),
            (nameof(RequestsPerUser), RequestsPerUser), (nameof(PublishesPerUser), PublishesPerUser),
        ];
        foreach (var (name, rate) in rates)
        {
            if (rate.Error() is { } error)
            {
                yield return new ValidationResult($"{Section}:{name} {error}");
            }
        }

        (string Name, TimeSpan Value)[] spans = [(nameof(HeadersTimeout), HeadersTimeout), (nameof(KeepAlive), KeepAlive), (nameof(ApiTimeout), ApiTimeout)];
        foreach (var (name, value) in spans.Where(span => span.Value <= TimeSpan.Zero))
        {
            yield return new ValidationResult($"{Section}:{name} is {value} and has to be longer than zero, such as 00:00:30.");
        }
    }
}
