using System.Reflection;

namespace Notifications.Tests.Deployment;

/// <summary>What these tests were built with, for those that build something beside them.</summary>
internal static class ThisBuild
{
    public static string Configuration { get; } = typeof(ThisBuild).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>The options of <c>dotnet build</c> and <c>dotnet publish</c> for a build beside this one.</summary>
    public static IEnumerable<string> Options { get; } = [$"-p:Configuration={Configuration}", "--nologo", "-nodeReuse:false"];
}
