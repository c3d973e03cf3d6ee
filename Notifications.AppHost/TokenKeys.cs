using Microsoft.Extensions.Hosting;

namespace Notifications.AppHost;

/// <summary>What the services check tokens with: a key made up at each start in Development, an OIDC authority everywhere else.</summary>
internal static class TokenKeys
{
    public static (string Variable, IResourceBuilder<ParameterResource> Value) AddTokenKeys(this IDistributedApplicationBuilder builder)
    {
        if (builder.ExecutionContext.IsRunMode && builder.Environment.IsDevelopment())
        {
            var made = new GenerateParameterDefault { MinLength = 48, Special = false };
            return ("Authentication__DevelopmentKey", builder.AddParameter("jwt-key", made, secret: true));
        }

        return ("Authentication__Schemes__Bearer__Authority", builder.AddParameter("token-authority"));
    }

    public static IResourceBuilder<ProjectResource> WithTokenKeys(
        this IResourceBuilder<ProjectResource> project, (string Variable, IResourceBuilder<ParameterResource> Value) keys) =>
        project.WithEnvironment(keys.Variable, keys.Value);
}
