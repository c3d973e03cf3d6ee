using System.Reflection;

namespace Aspire.Hosting;

/// <summary>What the build wrote into the AppHost's assembly about itself.</summary>
internal static class AppHostAssembly
{
    private static readonly Assembly Assembly = typeof(AppHostAssembly).Assembly;

    public static string Name { get; } = Assembly.GetName().Name!;
    public static string Configuration { get; } = Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
    public static string Directory { get; } = Metadata("AppHostDirectory");
    public static string TargetFramework { get; } = Metadata("TargetFramework");

    private static string Metadata(string key) =>
        Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == key).Value!;
}
