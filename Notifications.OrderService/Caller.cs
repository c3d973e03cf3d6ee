using System.Reflection;

namespace Notifications.OrderService;

/// <summary>The caller, taken from the token. Minimal APIs bind it to a parameter of a handler.</summary>
internal sealed record Caller(string UserId, bool IsStaff)
{
    public static ValueTask<Caller?> BindAsync(HttpContext context, ParameterInfo _)
    {
        var userId = context.User.FindFirst(TokenNames.UserClaim)?.Value
            ?? throw new InvalidOperationException("The caller has no user id. Endpoints that bind a Caller have to require authorization.");
        return ValueTask.FromResult<Caller?>(new Caller(userId, context.User.IsInRole(TokenNames.StaffRole)));
    }

    public bool MaySee(Order order) => IsStaff || order.Owner == UserId;

    /// <summary>Staff may take every step; an owner may cancel.</summary>
    public bool MayMove(Order order, OrderStatus status) => IsStaff || (status is OrderStatus.Cancelled && order.Owner == UserId);
}
