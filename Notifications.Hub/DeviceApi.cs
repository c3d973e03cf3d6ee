using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Notifications.Hubs.Escalations;

namespace Notifications.Hubs;

/// <summary>The caller's phones. A notification that no device acknowledged in time goes to them.</summary>
internal static class DeviceApi
{
    private const string Device = "device";
    private const string Example = """{"platform": "fcm", "token": "…"}""";

    public static void MapDeviceApi(this WebApplication app)
    {
        var devices = app.MapGroup($"/api/devices/{{{Device}}}").RefuseWithoutStore().AddEndpointFilter(RefuseBadDevice);
        devices.MapPut("/", Register);
        devices.MapDelete("/", Remove);
        if (app.Environment.IsDevelopment())
        {
            devices.MapGet("/pushes", Shown);
        }
    }

    /// <summary>Registers a phone. A token of another device or user belongs to this phone from now on.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> Register(
        JsonElement? sent, HttpContext context, PhoneRegistry phones)
    {
        if (sent is not { ValueKind: JsonValueKind.Object } body)
        {
            return Bad($"The body is {sent?.ValueKind.ToString() ?? "missing or null"}. Send {Example}.");
        }

        if ((JsonRule.Error(body) ?? JsonRule.UnknownMember(body, "platform", "token")) is { } invalid)
        {
            return Bad($"The body {invalid}");
        }

        var (platform, token) = (Text(body, "platform"), Text(body, "token"));
        if (Platform(platform) is not { } known)
        {
            return Bad($"platform is {(platform is null ? "missing or no string" : $"\"{JsonRule.Shortened(platform)}\"")}. It has to be \"fcm\" or \"apns\".");
        }

        if (TokenError(known, token) is { } error)
        {
            return Bad(error);
        }

        await phones.RegisterAsync(User(context), DeviceOf(context), known, token!);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> Remove(HttpContext context, PhoneRegistry phones)
    {
        await phones.RemoveAsync(User(context), DeviceOf(context));
        return TypedResults.NoContent();
    }

    private static async Task<Ok<IReadOnlyList<JsonElement>>> Shown(HttpContext context, LogSender sender) =>
        TypedResults.Ok(await sender.ListAsync(StreamName.User(User(context)), DeviceOf(context)));

    private static async ValueTask<object?> RefuseBadDevice(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        IdRule.Refusal("device name", DeviceOf(context.HttpContext)) is { } refusal ? refusal : await next(context);

    private static string DeviceOf(HttpContext context) => IdRule.Of(context, Device);

    private static PushPlatform? Platform(string? name) => name switch
    {
        "fcm" => PushPlatform.Fcm,
        "apns" => PushPlatform.Apns,
        _ => null,
    };

    /// <summary>Checks a token. An APNs token becomes a part of a path, so it may have hexadecimal digits only.</summary>
    private static string? TokenError(PushPlatform platform, string? token) => token switch
    {
        null => $"token is missing or no string. Send {Example}.",
        { Length: 0 or > Phone.MaxTokenLength } => $"token has {token.Length} characters. It takes 1 to {Phone.MaxTokenLength}.",
        _ when platform == PushPlatform.Apns && !token.All(char.IsAsciiHexDigit) => "token has a character that is no hexadecimal digit. An APNs token is the device token's bytes in hexadecimal.",
        _ when token.Any(c => c is <= ' ' or > '~') => "token has white space or a character that is not ASCII. Send it as FCM gave it to the app.",
        _ => null,
    };

    private static string? Text(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string User(HttpContext context) => context.User.FindFirst(TokenNames.UserClaim)!.Value;

    private static ProblemHttpResult Bad(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status400BadRequest);
}
