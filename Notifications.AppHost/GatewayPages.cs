namespace Notifications.AppHost;

internal static class GatewayPages
{
    /// <summary>What a browser can open stands in the dashboard by its name.</summary>
    public static IResourceBuilder<ProjectResource> WithPages(this IResourceBuilder<ProjectResource> gateway) => gateway
        .WithUrlForEndpoint("http", url => url.DisplayText = "Demo page")
        .WithUrlForEndpoint("http", _ => new ResourceUrlAnnotation { Url = "/operator", DisplayText = "Operator's page" });
}
