namespace Notifications.AppHost;

internal static class GatewayPages
{
    /// <summary>Shows the gateway's pages by their names in the dashboard.</summary>
    public static IResourceBuilder<ProjectResource> WithPages(this IResourceBuilder<ProjectResource> gateway) => gateway
        .WithUrlForEndpoint("http", url => url.DisplayText = "Demo page")
        .WithUrlForEndpoint("http", _ => new ResourceUrlAnnotation { Url = "/operator", DisplayText = "Operator's page" });
}
