using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Escalations.Apns;

/// <summary>Apple Push Notification service over HTTP/2 with token authentication.</summary>
internal sealed class ApnsSender(IHttpClientFactory clients, IOptionsMonitor<ApnsOptions> options, TimeProvider time) : IPushSender
{
    public const string ClientName = "apns";

    private volatile ApnsToken? _token;

    public object? Settings => options.CurrentValue is { IsSet: true } set ? set : null;

    public async Task<SendOutcome> SendAsync(PushMessage message, Phone phone, CancellationToken cancellationToken)
    {
        var token = Token();
        var (sent, body) = message.Write(ApnsMessage.Body);
        using var http = clients.CreateClient(ClientName);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(token.Options.Address, $"/3/device/{Uri.EscapeDataString(phone.Token)}"))
        {
            Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("bearer", token.Get());
        request.Headers.Add("apns-topic", token.Options.Topic);
        foreach (var (name, value) in ApnsMessage.Headers(sent))
        {
            request.Headers.Add(name, value);
        }

        using var response = await http.SendAsync(request, cancellationToken);
        return response.IsSuccessStatusCode
            ? new SendOutcome(SendResult.Delivered)
            : Read(response, ApnsError.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)), phone);
    }

    private SendOutcome Read(HttpResponseMessage response, ApnsError? error, Phone phone)
    {
        var reason = $"{(int)response.StatusCode} {error?.Reason}".TrimEnd();
        return response.StatusCode switch
        {
            HttpStatusCode.Gone when error?.Reason == "ExpiredToken" => new(SendResult.TokenDead, reason),
            // The app was registered again after APNs found it gone. So it is there again.
            HttpStatusCode.Gone when error?.Timestamp < phone.RegisteredAt.ToUnixTimeMilliseconds() => new(SendResult.Retry, reason),
            HttpStatusCode.Gone => new(SendResult.TokenDead, reason),
            HttpStatusCode.BadRequest when error?.Reason is "BadDeviceToken" or "DeviceTokenNotForTopic" => new(SendResult.TokenDead, reason),
            HttpStatusCode.BadRequest when error?.Reason is "BadTopic" or "MissingTopic" or "TopicDisallowed" => new(SendResult.Misconfigured, reason),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(SendResult.Misconfigured, reason),
            HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError =>
                new(SendResult.Retry, reason, RetryAfter.Of(response, time.GetUtcNow())),
            _ => new(SendResult.Rejected, reason),
        };
    }

    /// <summary>The token for the present options. It is kept as long as the options stay the same.</summary>
    private ApnsToken Token()
    {
        var now = options.CurrentValue;
        return _token is { } token && token.Options == now ? token : _token = new ApnsToken(now, time);
    }

    /// <param name="Reason">Apple's name of the error.</param>
    /// <param name="Timestamp">With status 410: when APNs last found that the token leads to no phone, in Unix milliseconds.</param>
    private sealed record ApnsError(string? Reason, long? Timestamp)
    {
        public static ApnsError? Parse(byte[] body)
        {
            try
            {
                return JsonSerializer.Deserialize<ApnsError>(body, JsonSerializerOptions.Web);
            }
            catch (JsonException)
            {
                // A server in between answered in another format. Only the status counts.
                return null;
            }
        }
    }
}
