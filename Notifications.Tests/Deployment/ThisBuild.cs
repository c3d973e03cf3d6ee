using System.Reflection;

namespace Notifications.Tests.Deployment;

/// <summary>What these tests were built with, for those that build something beside them.</summary>
internal static class ThisBuild
{
    public static string Configuration { get; } = typeof(ThisBuild).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>The options of <c>dotnet build</c> and <c>dotnet publish</c> that make them choose as this build did.</summary>
    public static IEnumerable<string> Options { get; } =
    [
        .. typeof(ThisBuild).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "BuildProperties").Value!.Split(' ')
            .Select(property => $"-p:{property}"),
        "--nologo", "-nodeReuse:false",
    ];
}
