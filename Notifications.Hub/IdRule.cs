using Microsoft.AspNetCore.Http.HttpResults;

namespace Notifications.Hubs;

/// <summary>The rule for ids that callers send: user ids and device names.</summary>
internal static class IdRule
{
    /// <summary>The id in a part of the path. Routing leaves an encoded slash as it is, and an id may have a slash.</summary>
    public static string Of(HttpContext context, string name) =>
        ((string)context.Request.RouteValues[name]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <returns>400 with the rule; null: the id is valid.</returns>
    public static ProblemHttpResult? Refusal(string what, string id) => StreamName.IsValidId(id) ? null : TypedResults.Problem(
        $"The {what} has {id.Length} characters or one that is not allowed. It takes 1 to {StreamName.MaxIdLength} out of a-z A-Z 0-9 . _ - ~ @ + = : | / ! $.",
        statusCode: StatusCodes.Status400BadRequest);
}
