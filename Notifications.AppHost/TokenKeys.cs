using Microsoft.Extensions.Hosting;

namespace Notifications.AppHost;

/// <summary>
/// What the services check tokens with: an OIDC authority, and in Development, unless one is configured, a key that is made up at each start.
/// </summary>
internal static class TokenKeys
{
    private const string Setting = "Authentication:Schemes:Bearer:Authority";

    private static string Variable => Setting.Replace(":", "__", StringComparison.Ordinal);

    public static (string Variable, IResourceBuilder<ParameterResource> Value) AddTokenKeys(this IDistributedApplicationBuilder builder)
    {
        // The same setting as the services have, so that it is set once for all of them.
        if (builder.ExecutionContext.IsRunMode && builder.Configuration[Setting] is { Length: > 0 } issuer)
        {
            return (Variable, builder.AddParameter("token-authority", issuer));
        }

        if (builder.ExecutionContext.IsRunMode && builder.Environment.IsDevelopment())
        {
            var made = new GenerateParameterDefault { MinLength = 48, Special = false };
            return ("Authentication__DevelopmentKey", builder.AddParameter("jwt-key", made, secret: true));
        }

        return (Variable, builder.AddParameter("token-authority"));
    }

    public static IResourceBuilder<ProjectResource> WithTokenKeys(
        this IResourceBuilder<ProjectResource> project, (string Variable, IResourceBuilder<ParameterResource> Value) keys) =>
        project.WithEnvironment(keys.Variable, keys.Value);
}
