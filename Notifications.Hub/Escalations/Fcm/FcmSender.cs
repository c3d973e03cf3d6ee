using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Google.Apis.Auth.OAuth2.Responses;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Escalations.Fcm;

/// <summary>Firebase Cloud Messaging, HTTP v1 (https://firebase.google.com/docs/cloud-messaging/send/v1-api).</summary>
internal sealed class FcmSender(
    IHttpClientFactory clients, IHttpMessageHandlerFactory handlers, IOptionsMonitor<FcmOptions> options, TimeProvider time) : IPushSender
{
    public const string ClientName = "fcm";

    private volatile FcmAccess? _access;

    public object? Settings => options.CurrentValue is { IsSet: true } set ? set : null;

    public async Task<SendOutcome> SendAsync(PushMessage message, Phone phone, CancellationToken cancellationToken)
    {
        var access = Access();
        var (_, body) = message.Write(sent => FcmMessage.Body(sent, phone.Token, time.GetUtcNow()));
        try
        {
            using var response = await PostAsync(access, body, cancellationToken);
            if (response.StatusCode != HttpStatusCode.Unauthorized)
            {
                return await ReadAsync(response, cancellationToken);
            }

            await access.RenewAsync(cancellationToken);
            using var second = await PostAsync(access, body, cancellationToken);
            return await ReadAsync(second, cancellationToken);
        }
        catch (TokenResponseException exception)
        {
            return NoToken(exception);
        }
    }

    private async Task<HttpResponseMessage> PostAsync(FcmAccess access, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var http = clients.CreateClient(ClientName);
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(access.Options.Endpoint, $"v1/projects/{Uri.EscapeDataString(access.ProjectId)}/messages:send"))
        {
            Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            Version = HttpVersion.Version20,
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await access.GetTokenAsync(cancellationToken));
        return await http.SendAsync(request, cancellationToken);
    }

    private async Task<SendOutcome> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return new SendOutcome(SendResult.Delivered);
        }

        var error = FcmError.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        var reason = $"{(int)response.StatusCode} {error.Code}".TrimEnd();
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound when error.Code == "UNREGISTERED" => new(SendResult.TokenDead, reason),
            // The token is of another Firebase project. Any user can register such a token, so it says nothing about our own access.
            HttpStatusCode.Forbidden when error.Code == "SENDER_ID_MISMATCH" => new(SendResult.TokenDead, reason),
            HttpStatusCode.BadRequest when error.NamesToken => new(SendResult.TokenDead, reason),
            // Without UNREGISTERED, FCM did not find the project.
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound => new(SendResult.Misconfigured, reason),
            HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError =>
                new(SendResult.Retry, reason, RetryAfter.Of(response, time.GetUtcNow())),
            _ => new(SendResult.Rejected, reason),
        };
    }

    private static SendOutcome NoToken(TokenResponseException exception)
    {
        var status = exception.StatusCode;
        var reason = $"{(int?)status} {exception.Error?.Error} from the service account's token_uri";
        return status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound
            ? new SendOutcome(SendResult.Misconfigured, reason)
            : new SendOutcome(SendResult.Retry, reason);
    }

    /// <summary>The access for the present options. It is kept as long as the options stay the same.</summary>
    private FcmAccess Access()
    {
        var now = options.CurrentValue;
        return _access is { } access && access.Options == now ? access : _access = new FcmAccess(now, handlers);
    }

    /// <param name="Code">FCM's own code, or else the status.</param>
    /// <param name="NamesToken">Whether FCM says that the token is an invalid field.</param>
    private readonly record struct FcmError(string Code, bool NamesToken)
    {
        public static FcmError Parse(byte[] body)
        {
            try
            {
                using var document = JsonDocument.Parse(body);
                var error = document.RootElement.GetProperty("error");
                var details = error.TryGetProperty("details", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().ToArray() : [];
                var code = details.Select(detail => Text(detail, "errorCode")).FirstOrDefault(code => code is not null);
                var fields = details.Where(detail => detail.TryGetProperty("fieldViolations", out var violations) && violations.ValueKind == JsonValueKind.Array)
                    .SelectMany(detail => detail.GetProperty("fieldViolations").EnumerateArray()).Select(violation => Text(violation, "field"));
                return new FcmError(code ?? Text(error, "status") ?? "", fields.Contains("message.token"));
            }
            catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                // A proxy or another server in between answered in another format. Only the status counts.
                return new FcmError("", false);
            }
        }

        private static string? Text(JsonElement element, string name) =>
            element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
