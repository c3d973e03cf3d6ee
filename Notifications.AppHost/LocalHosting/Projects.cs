namespace Projects;

public sealed class Notifications_AppHost
{
    private Notifications_AppHost()
    {
    }
}

public sealed class Notifications_Gateway : IProjectMetadata
{
    public string ProjectPath => LocalProject.Path("Notifications.Gateway");
}

public sealed class Notifications_Hub : IProjectMetadata
{
    public string ProjectPath => LocalProject.Path("Notifications.Hub");
}

public sealed class Notifications_OrderService : IProjectMetadata
{
    public string ProjectPath => LocalProject.Path("Notifications.OrderService");
}

internal static class LocalProject
{
    public static string Path(string name) =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(AppHostAssembly.Directory, "..", name, $"{name}.csproj"));
}
