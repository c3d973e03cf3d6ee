using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Notifications.Messaging;
using Notifications.OrderService.Outbox;

namespace Notifications.OrderService;

/// <summary>The orders API: places and reads orders, and changes their status. Each change notifies the order's owner.</summary>
public static class Orders
{
    private const int DefaultListed = 100;
    private const int MaxListed = 1_000;

    public static void AddOrders(this IHostApplicationBuilder builder)
    {
        builder.AddOrderDatabase();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddScoped<OrderNotifier>();
        builder.Services.AddSingleton<OrderTelemetry>();
        builder.AddOutbox();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, OrderJson.Default));
    }

    public static void MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("/api/orders").RequireAuthorization();
        orders.MapPost("/", Place).WithMetadata(new BodyExample("""{"item": "Coffee", "quantity": 2}"""));
        orders.MapGet("/", List);
        orders.MapGet("/{id:guid}", Get);
        orders.MapPut("/{id:guid}/status", Change).WithMetadata(new BodyExample("""{"status": "Paid"}"""));
    }

    private static async Task<Results<Created<OrderResponse>, ValidationProblem, ProblemHttpResult>> Place(
        PlaceOrder request, Caller caller, OrderDb db, OrderNotifier notifier, OrderTelemetry telemetry, IOptions<TokenFormat> format, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (request.Errors() is { Count: > 0 } errors)
        {
            return TypedResults.ValidationProblem(errors, detail: string.Join(' ', errors.SelectMany(e => e.Value)));
        }

        if (!StreamName.TryParse($"user:{caller.UserId}", out _))
        {
            return TypedResults.Problem(
                $"The token's {format.Value.UserClaim} can't name a user's stream, so its owner could not be notified. It takes 1 to {StreamName.MaxIdLength} characters out of a-z A-Z 0-9 . _ - ~ @ + = : | / ! $.",
                statusCode: StatusCodes.Status400BadRequest);
        }

        var order = Order.Place(caller.UserId, request.Item!, request.Quantity!.Value, time.GetUtcNow());
        db.Orders.Add(order);
        await notifier.SaveAsync(order, previous: null, cancellationToken);
        telemetry.Changed(order.Status);
        return TypedResults.Created($"/api/orders/{order.Id}", OrderResponse.Of(order));
    }

    /// <summary>Returns at most <paramref name="limit"/> orders, the newest first.</summary>
    private static async Task<Results<Ok<OrderResponse[]>, ProblemHttpResult>> List(
        Caller caller, OrderDb db, CancellationToken cancellationToken, string? limit = null)
    {
        // Not an int parameter: the framework's error for an invalid int names no rule.
        var take = DefaultListed;
        if (limit is not null && (!int.TryParse(limit, CultureInfo.InvariantCulture, out take) || take is < 1 or > MaxListed))
        {
            return TypedResults.Problem(
                $"limit is \"{limit}\". It has to be a whole number from 1 to {MaxListed}; without it the newest {DefaultListed} orders are listed.",
                statusCode: StatusCodes.Status400BadRequest);
        }

        var orders = await db.Orders.AsNoTracking()
            .Where(order => caller.IsStaff || order.Owner == caller.UserId)
            .OrderByDescending(order => order.CreatedAt).ThenByDescending(order => order.Id)
            .Take(take)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(orders.Select(OrderResponse.Of).ToArray());
    }

    private static async Task<Results<Ok<OrderResponse>, ProblemHttpResult>> Get(
        Guid id, Caller caller, OrderDb db, CancellationToken cancellationToken)
    {
        var order = await db.Orders.AsNoTracking().SingleOrDefaultAsync(o => o.Id == id, cancellationToken);
        return order is not null && caller.MaySee(order) ? TypedResults.Ok(OrderResponse.Of(order)) : NoSuchOrder(id);
    }

    private static async Task<Results<Ok<OrderResponse>, ProblemHttpResult>> Change(
        Guid id, ChangeStatus request, Caller caller, OrderDb db, OrderNotifier notifier, OrderTelemetry telemetry, TimeProvider time, CancellationToken cancellationToken)
    {
        if (OrderStatuses.Parse(request.Status) is not { } status)
        {
            return TypedResults.Problem(
                $"status {(request.Status is null ? "is missing" : $"\"{request.Status}\" is unknown")}. It has to be one of {string.Join(", ", Enum.GetNames<OrderStatus>())}.",
                statusCode: StatusCodes.Status400BadRequest);
        }

        var order = await db.Orders.SingleOrDefaultAsync(o => o.Id == id, cancellationToken);
        if (order is null && caller.IsStaff)
        {
            return NoSuchOrder(id);
        }

        // The same answer for another user's order and for an unknown id, so that nobody learns which ids exist.
        if (order is null || !caller.MayMove(order, status))
        {
            return TypedResults.Problem(
                $"You may not set order {id} to {status}. The role \"{TokenNames.StaffRole}\" sets any status; without it you can only set your own orders to {OrderStatus.Cancelled}.",
                statusCode: StatusCodes.Status403Forbidden);
        }

        var previous = order.Status;
        if (!order.TryMoveTo(status, time.GetUtcNow()))
        {
            return WrongStep(order, status);
        }

        try
        {
            await notifier.SaveAsync(order, previous, cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return TypedResults.Problem(
                $"Order {id} was changed by someone else at the same time, so it was not set to {status}. Read it again, then repeat the change if it still applies.",
                statusCode: StatusCodes.Status409Conflict);
        }

        telemetry.Changed(status);
        return TypedResults.Ok(OrderResponse.Of(order));
    }

    private static ProblemHttpResult NoSuchOrder(Guid id) => TypedResults.Problem(
        $"There is no order {id} that you may see. GET /api/orders lists those that there are.", statusCode: StatusCodes.Status404NotFound);

    private static ProblemHttpResult WrongStep(Order order, OrderStatus status)
    {
        var next = order.Status.Next();
        var remedy = next.Count == 0 ? "That is final." : $"From there it can become {string.Join(" or ", next)}.";
        return TypedResults.Problem(
            $"Order {order.Id} is {order.Status} and can't become {status}. {remedy}", statusCode: StatusCodes.Status409Conflict);
    }
}
