using System.ComponentModel.DataAnnotations;

namespace Notifications.Gateway.Limits;

/// <summary>What one caller may take of a gateway, section <c>Gateway:Limits</c>. 0 is no limit, unless it says otherwise.</summary>
internal sealed class LimitOptions : IValidatableObject
{
    public const string Section = $"{GatewayOptions.Section}:Limits";

    /// <summary>Requests that begin a session or open its stream, from one address: two for a client that negotiates, else one.</summary>
    public Rate HandshakesPerAddress { get; set; } = new() { PerSecond = 200, Burst = 4_000 };

    /// <summary>Sessions that one user begins.</summary>
    public Rate HandshakesPerUser { get; set; } = new() { PerSecond = 5, Burst = 50 };

    /// <summary>Requests of one user that are neither handshakes nor publish: the other APIs, polls, and what a client without a WebSocket sends.</summary>
    public Rate RequestsPerUser { get; set; } = new() { PerSecond = 500, Burst = 1_000 };

    /// <summary>Requests of one caller to publish, with up to a thousand notifications each; the hubs count these.</summary>
    public Rate PublishesPerUser { get; set; } = new() { PerSecond = 2_000, Burst = 4_000 };

    /// <summary>Sessions that one user has open through this gateway.</summary>
    public int ConnectionsPerUser { get; set; } = 100;

    /// <summary>TCP connections from one address, with or without a token, but for known proxies. One more is closed at once.</summary>
    public int ConnectionsPerAddress { get; set; } = 2_500;

    /// <summary>Sessions that this gateway has open at once. Null: as many as its open files allow, on Linux.</summary>
    public int? Sessions { get; set; }

    /// <summary>The largest body of an API's request, in bytes. For all three sizes at least 1.</summary>
    public int BodyBytes { get; set; } = 64 * 1024;

    /// <summary>The largest body of <c>POST /api/notifications</c>.</summary>
    public int PublishBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The largest body that a client without a WebSocket sends to the hub, which may be several messages.</summary>
    public int SendBytes { get; set; } = 1024 * 1024;

    /// <summary>All headers of a request together, in bytes, from 1 KiB on. A token in the query stands in the request line, which takes 8 KiB: <see cref="RequestLineLimit"/>.</summary>
    public int HeaderBytes { get; set; } = 16 * 1024;

    /// <summary>How long a client may take to send a request's headers.</summary>
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection without a request is kept.</summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The slowest that a body may come and an answer be taken, in bytes per second after 5 s.</summary>
    public int SlowestBytesPerSecond { get; set; } = 240;

    /// <summary>How long an API's request may take altogether.</summary>
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
