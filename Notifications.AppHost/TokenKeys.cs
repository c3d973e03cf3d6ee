using Microsoft.Extensions.Hosting;

namespace Notifications.AppHost;

/// <summary>
/// Sets the authority or the key with which the services check tokens: an OIDC authority. In Development without a configured authority, it is a
/// key that is generated at each start.
/// </summary>
internal static class TokenKeys
{
    private const string Setting = "Authentication:Schemes:Bearer:Authority";

    private static string Variable => Setting.Replace(":", "__", StringComparison.Ordinal);

    public static (string Variable, IResourceBuilder<ParameterResource> Value) AddTokenKeys(this IDistributedApplicationBuilder builder)
    {
        // The services have the same setting, so it is set once for all of them.
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
