using Microsoft.AspNetCore.Http.HttpResults;

namespace Notifications.Hubs;

/// <summary>Ids that callers send: of users and devices.</summary>
internal static class IdRule
{
    /// <summary>A part of the path that is an id. Routing leaves an encoded slash as it is, and ids may have one.</summary>
    public static string Of(HttpContext context, string name) =>
        ((string)context.Request.RouteValues[name]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <returns>400 with the rule; null for an id that may be one.</returns>
    public static ProblemHttpResult? Refusal(string what, string id) => StreamName.IsValidId(id) ? null : TypedResults.Problem(
        $"The {what} has {id.Length} characters or one that is not allowed. It takes 1 to {StreamName.MaxIdLength} out of a-z A-Z 0-9 . _ - ~ @ + = : | / ! $.",
        statusCode: StatusCodes.Status400BadRequest);
}
