using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Notifications.Messaging;

namespace Notifications.Gateway;

/// <summary>Admits callers with a valid token whose user id can name a stream.</summary>
internal static class GatewayTokens
{
    /// <summary>The rule for the id of a user's <see cref="StreamName"/>, for error messages.</summary>
    public static string UserIdRule { get; } =
        $"A user id has 1 to {StreamName.MaxIdLength} characters out of a-z A-Z 0-9 . _ - ~ @ + = : | / ! $.";

    public static void AddGatewayTokens(this WebApplicationBuilder builder)
    {
        builder.Services.Replace(ServiceDescriptor.Singleton<IHttpContextFactory, TokenInQuery>());
        var caller = new AuthorizationPolicyBuilder()
            .RequireAuthenticatedUser()
            .RequireAssertion(context => IsUserId(UserOf(context.User)))
            .Build();
        // As the fallback policy it covers every path, also unknown paths, except endpoints that allow anonymous callers.
        builder.AddTokenAuthentication().SetDefaultPolicy(caller).SetFallbackPolicy(caller);
    }

    public static string? UserOf(ClaimsPrincipal user) => user.FindFirstValue(TokenNames.UserClaim);

    public static bool IsUserId([NotNullWhen(true)] string? user) => user is not null && StreamName.TryParse("user:" + user, out _);
}
