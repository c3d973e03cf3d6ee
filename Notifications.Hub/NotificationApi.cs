using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Limits;

namespace Notifications.Hubs;

/// <summary>Notifications over plain HTTP: callers read their own log, and publish without a Redis connection.</summary>
internal static class NotificationApi
{
    /// <summary>How many notifications one request may have.</summary>
    public const int MaxPublished = 1_000;

    private const int DefaultListed = 100;
    private const int MaxListed = 1_000;

    /// <summary>
    /// How many entries one read returns. A payload has up to 16 KiB by default, and a page with <see cref="MaxPageBytes"/> takes no further read.
    /// </summary>
    private const int ReadAtOnce = 50;
    private const int MaxPageBytes = 512 * 1024;
    private const string Example = """{"stream": "user:42", "type": "ORDER_UPDATED", "payload": {"orderId": 7}}""";

    public static void AddNotificationApi(this IHostApplicationBuilder builder)
    {
        builder.Services.AddNotificationPublisher();
        builder.Services.AddSingleton<PublishLimit>();
        builder.Services.AddSingleton<PageLimit>();
        // A body that is not JSON is the caller's mistake, and not an exception in this service.
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = false);
        builder.Services.Configure<ProblemDetailsOptions>(options => options.CustomizeProblemDetails = context =>
            context.ProblemDetails.Detail ??= context.HttpContext.Response.StatusCode switch
            {
                StatusCodes.Status400BadRequest => $"The body of {context.HttpContext.Request.Method} {context.HttpContext.Request.Path} can't be read. Send JSON in UTF-8.",
                StatusCodes.Status403Forbidden => RoleMissing(context.HttpContext),
                StatusCodes.Status415UnsupportedMediaType => "The body's content type is another than JSON. Send application/json.",
                _ => null,
            });
    }

    public static void MapNotificationApi(this WebApplication app)
    {
        var notifications = app.MapGroup("/api/notifications").RefuseWithoutStore();
        notifications.MapGet("/", List);
        notifications.MapPost("/", Publish).RequireAuthorization(policy => policy.RequireRole(TokenNames.PublisherRole));
    }

    /// <summary>Lists the caller's own log after an offset, oldest first. The <c>offset</c> of the answer is the <c>after</c> of the next call.</summary>
    private static async Task<Results<Ok<NotificationPage>, ProblemHttpResult>> List(
        HttpContext context, NotificationLog log, PageLimit pages, string? after = null, string? limit = null)
    {
        var from = 0L;
        if (after is not null && (!long.TryParse(after, out from) || from < 0))
        {
            return Bad($"after is \"{after}\". It has to be an offset, 0 or more.");
        }

        var take = DefaultListed;
        if (limit is not null && (!int.TryParse(limit, out take) || take is < 1 or > MaxListed))
        {
            return Bad($"limit is \"{limit}\". It has to be a whole number from 1 to {MaxListed}; without it {DefaultListed} are listed.");
        }

        var user = context.User.FindFirst(TokenNames.UserClaim)!.Value;
        return pages.Refuses(context, user) is { } refusal ? refusal : TypedResults.Ok(await ReadAsync(log, StreamName.User(user), from, take));
    }

    /// <summary>Reads a page. It ends early if it has become large, and says that there is more.</summary>
    private static async Task<NotificationPage> ReadAsync(NotificationLog log, StreamName stream, long after, int take)
    {
        var page = await log.ReadAfterAsync(stream, after, Math.Min(take, ReadAtOnce));
        var (epoch, items, bytes) = (page.Epoch, new List<NotificationArgument>(), 0);
        while (true)
        {
            after = page.After;
            foreach (var entry in page.Entries)
            {
                var body = LogEntry.Parse(entry).Body;
                items.Add(new NotificationArgument(stream, new Position(epoch, ++after), body));
                bytes += body.Length;
            }

            if (page.IsLast || items.Count >= take || bytes >= MaxPageBytes)
            {
                return new NotificationPage(epoch, after, items, !page.IsLast);
            }

            page = await log.ReadAfterAsync(stream, after, Math.Min(take - items.Count, ReadAtOnce));
            if (page.Epoch != epoch || page.After != after)
            {
                // The log began anew or was trimmed. The next page shows this.
                return new NotificationPage(epoch, after, items, More: true);
            }
        }
    }

    private static async Task<Results<Ok<PublishResult>, Ok<PublishResult[]>, ProblemHttpResult>> Publish(
        JsonElement? sent, HttpContext context, NotificationPublisher publisher, PublishLimit limit, CancellationToken cancellationToken)
    {
        if (sent is not { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } body)
        {
            return Bad($"The request has no body, or null for one. Send {Example}.");
        }

        // Without a limit of depth: the publisher refuses a payload that is nested too deep.
        if (JsonRule.Error(body, int.MaxValue) is { } error)
        {
            return Bad($"The body {error} Nothing was published.");
        }

        var several = body.ValueKind == JsonValueKind.Array;
        if (several && body.GetArrayLength() > MaxPublished)
        {
            return Bad($"The array has {body.GetArrayLength()} notifications and may have {MaxPublished}. Send the rest in another request.");
        }

        try
        {
            var requests = several ? body.EnumerateArray().Select(Parse).ToArray() : [Parse(body)];
            if (limit.Refuses(context, requests.Length) is { } refusal)
            {
                return refusal;
            }

            var results = await publisher.PublishAsync(requests, cancellationToken);
            return several ? TypedResults.Ok(results) : TypedResults.Ok(results[0]);
        }
        catch (Exception invalid) when (invalid is ArgumentException or JsonException)
        {
            return Refused(invalid);
        }
    }

    /// <summary>The answer to a notification that can't be published as it is.</summary>
    internal static ProblemHttpResult Refused(Exception invalid)
    {
        // Without the framework's note that names the C# parameter.
        var why = invalid.Message.Split(" (Parameter")[0];
        return invalid is PayloadTooLargeException ? TypedResults.Problem(why, statusCode: StatusCodes.Status413PayloadTooLarge) : Bad($"{why} Nothing was published.");
    }

    private static string RoleMissing(HttpContext context)
    {
        var roles = context.GetEndpoint()?.Metadata.GetOrderedMetadata<AuthorizationPolicy>()
            .SelectMany(policy => policy.Requirements.OfType<RolesAuthorizationRequirement>())
            .SelectMany(required => required.AllowedRoles)
            .Distinct() ?? [];
        var format = context.RequestServices.GetRequiredService<IOptions<TokenFormat>>().Value;
        return $"The token's roles (claim \"{format.RoleClaim}\") do not allow {context.Request.Method} {context.Request.Path}. It takes: {string.Join(", ", roles.Select(format.NameOf))}.";
    }

    private static (StreamName Stream, Notification Notification) Parse(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException($"A notification is a JSON object such as {Example}, and this is {body.ValueKind}.");
        }

        if (JsonRule.UnknownMember(body, "stream", "type", "payload", "id", "push") is { } unknown)
        {
            throw new JsonException($"A notification {unknown}");
        }

        var notification = new Notification { Type = Text(body, "type"), Payload = Member(body, "payload") };
        if (body.TryGetProperty("id", out _))
        {
            notification = notification with { Id = Text(body, "id") };
        }

        if (body.TryGetProperty("push", out var push) && push.ValueKind != JsonValueKind.Null)
        {
            notification = notification with { Push = Push.Parse(push) };
        }

        return (StreamName.Parse(Text(body, "stream")), notification);
    }

    private static JsonElement Member(JsonElement body, string name) =>
        body.TryGetProperty(name, out var member) ? member : throw new JsonException($"\"{name}\" is missing. Send {Example}.");

    private static string Text(JsonElement body, string name) =>
        Member(body, name) is { ValueKind: JsonValueKind.String } text
            ? text.GetString()!
            : throw new JsonException($"\"{name}\" has to be a string. Send {Example}.");

    private static ProblemHttpResult Bad(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status400BadRequest);

    internal sealed record NotificationPage(string Epoch, long Offset, IReadOnlyList<NotificationArgument> Items, bool More);
}
