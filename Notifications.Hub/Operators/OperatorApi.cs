using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Notifications.Hubs.Limits;

namespace Notifications.Hubs.Operators;

/// <summary>
/// For operators: lists the hub instances, drains each, and shows what the system has of a user. <see cref="UserApi"/> ends a user's connections.
/// </summary>
internal static class OperatorApi
{
    private const int DefaultListed = 20;
    private const int MaxListed = 100;
    private const string TestType = "TEST";
    private const string Example = """{"type": "TEST", "payload": {"text": "…"}}""";
    private const string Soon = "1";

    private static readonly JsonElement TestPayload = JsonElement.Parse("""{"text": "A test by an operator"}"""u8);

    public static void MapOperatorApi(this WebApplication app)
    {
        var operators = app.MapGroup("/api/operator")
            .RequireAuthorization(policy => policy.RequireRole(TokenNames.OperatorRole))
            .RefuseWithoutStore()
            .AddEndpointFilter(KeepNowhere);
        // Outside the group: an autoscaler keeps its token for a long time, so the token must allow nothing else.
        app.MapGet("/api/operator/connections", Connections)
            .RequireAuthorization(policy => policy.RequireRole(TokenNames.OperatorRole, TokenNames.MonitorRole))
            .RefuseWithoutStore();
        var instances = operators.MapGroup("/instances");
        instances.MapGet("/", Instances);
        instances.MapPut("/{instance}/drain", Drain);
        instances.MapDelete("/{instance}/drain", TakeBack);
        var users = operators.MapGroup($"/users/{UserRoute.Segment}").RefuseBadUser();
        users.MapGet("/", Find);
        users.MapPost("/notifications", SendTest);
    }

    private static async Task<Ok<InstanceList>> Instances(InstanceRegistry registry, CancellationToken cancellationToken) =>
        TypedResults.Ok(new InstanceList(await registry.ObserveAsync(cancellationToken)));

    private static async Task<Ok<ConnectionCount>> Connections(InstanceRegistry registry, CancellationToken cancellationToken)
    {
        var running = await registry.ObserveAsync(cancellationToken);
        return TypedResults.Ok(new ConnectionCount(running.Sum(instance => instance.Status?.Connections ?? 0), running.Count));
    }

    /// <summary>
    /// Drains the instance: it takes no new sessions and tells its clients to reconnect to others. If no other instance takes sessions, this needs
    /// <c>?force=true</c>.
    /// </summary>
    private static async Task<Results<Ok<DrainState>, ProblemHttpResult>> Drain(
        string instance, HttpContext context, InstanceRegistry registry, HubQuestions hubs, ILogger<DrainState> logger, bool force = false)
    {
        var running = await registry.ListAsync();
        if (running.All(other => other.Id != instance))
        {
            return Unknown(instance);
        }

        if (!force && !running.Any(other => other.Id != instance && !other.Draining))
        {
            return TypedResults.Problem(
                $"No other instance takes sessions, so with \"{instance}\" drained nobody could connect. Start another first, or do it all the same with ?force=true.",
                statusCode: StatusCodes.Status409Conflict);
        }

        Log.DrainOrdered(logger, UserRoute.CallerOf(context), instance);
        return await SwitchAsync(instance, true, context, hubs);
    }

    private static async Task<Results<Ok<DrainState>, ProblemHttpResult>> TakeBack(
        string instance, HttpContext context, InstanceRegistry registry, HubQuestions hubs, ILogger<DrainState> logger)
    {
        if ((await registry.ListAsync()).All(other => other.Id != instance))
        {
            return Unknown(instance);
        }

        Log.DrainCalledOff(logger, UserRoute.CallerOf(context), instance);
        return await SwitchAsync(instance, false, context, hubs);
    }

    /// <summary>Returns what the system has of the user. Payloads are left out, unless <c>?payload=true</c> asks for them.</summary>
    private static async Task<Results<Ok<FoundUser>, ProblemHttpResult>> Find(
        HttpContext context, UserLookup users, ILogger<FoundUser> logger, string? payload = null, string? limit = null)
    {
        if (payload is not (null or "true" or "false"))
        {
            return Bad($"payload is \"{payload}\". It has to be true or false; without it payloads are left out.");
        }

        var take = DefaultListed;
        if (limit is not null && (!int.TryParse(limit, out take) || take is < 1 or > MaxListed))
        {
            return Bad($"limit is \"{limit}\". It has to be a whole number from 1 to {MaxListed}; without it {DefaultListed} are listed.");
        }

        var (user, withPayloads) = (UserRoute.UserOf(context), payload == "true");
        if (withPayloads)
        {
            Log.PayloadsShown(logger, UserRoute.CallerOf(context), user);
        }

        return TypedResults.Ok(await users.FindAsync(user, take, withPayloads));
    }

    /// <summary>Publishes to the user as any service does, so the user's clients show it. The body is <c>{type?, payload?}</c>.</summary>
    private static async Task<Results<Ok<PublishResult>, ProblemHttpResult>> SendTest(
        JsonElement? sent, HttpContext context, NotificationPublisher publisher, PublishLimit limit, ILogger<PublishResult> logger, CancellationToken cancellationToken)
    {
        var body = sent is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } given ? given : JsonElement.Parse("{}"u8);
        if (body.ValueKind != JsonValueKind.Object)
        {
            return Bad($"The body is {body.ValueKind}. Send {Example}, or nothing.");
        }

        if ((JsonRule.Error(body, int.MaxValue) ?? JsonRule.UnknownMember(body, "type", "payload")) is { } error)
        {
            return Bad($"The body {error} Nothing was published.");
        }

        if (body.TryGetProperty("type", out var type) && type.ValueKind != JsonValueKind.String)
        {
            return Bad($"type is {type.ValueKind}. It has to be a string; without it \"{TestType}\" is sent.");
        }

        if (limit.Refuses(context, 1) is { } refusal)
        {
            return refusal;
        }

        var user = UserRoute.UserOf(context);
        try
        {
            var result = await publisher.PublishAsync(
                StreamName.User(user),
                new Notification
                {
                    Type = type.ValueKind == JsonValueKind.String ? type.GetString()! : TestType,
                    Payload = body.TryGetProperty("payload", out var payload) ? payload : TestPayload,
                },
                cancellationToken);
            Log.TestSent(logger, UserRoute.CallerOf(context), user, result.Id);
            return TypedResults.Ok(result);
        }
        catch (ArgumentException invalid)
        {
            return NotificationApi.Refused(invalid);
        }
    }

    private static async Task<Results<Ok<DrainState>, ProblemHttpResult>> SwitchAsync(string instance, bool isDrained, HttpContext context, HubQuestions hubs)
    {
        if (await hubs.DrainAsync(instance, isDrained))
        {
            return TypedResults.Ok(new DrainState(instance, isDrained));
        }

        context.Response.Headers.RetryAfter = Soon;
        return TypedResults.Problem(
            $"\"{instance}\" did not answer within {HubQuestions.AnswerLimit.TotalSeconds:0} s: it has just gone, or does not hear. Look at the list of instances, and ask again.",
            statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>Data about a person must not stay in a cache.</summary>
    private static ValueTask<object?> KeepNowhere(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        context.HttpContext.Response.Headers.CacheControl = "no-store";
        return next(context);
    }

    private static ProblemHttpResult Unknown(string instance) => TypedResults.Problem(
        $"No instance \"{instance}\" is running. GET /api/operator/instances lists those that are.", statusCode: StatusCodes.Status404NotFound);

    private static ProblemHttpResult Bad(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status400BadRequest);

    private sealed record ConnectionCount(int Connections, int Instances);

    private sealed record DrainState(string Instance, bool Drained);
}
