using System.Reflection;

namespace Notifications.Tests.Deployment;

/// <summary>The environment variables that a service reads.</summary>
internal static class ServiceSettings
{
    private const BindingFlags Properties = BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase;

    /// <summary>ASP.NET Core's and OpenTelemetry's.</summary>
    private static readonly string[] OfLibraries =
        ["ASPNETCORE_ENVIRONMENT", "ASPNETCORE_FORWARDEDHEADERS_ENABLED", "HTTP_PORTS", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_SERVICE_NAME"];

    private static readonly string[] OfAll = [$"ConnectionStrings__{Notifications.AspNetCore.Redis.ConnectionName}", "Authentication__Schemes__Bearer__Authority"];

    /// <summary>Each service as the AppHost names it, with its project and what it cannot do without.</summary>
    public static IReadOnlyDictionary<string, (string Project, string[] Needed)> Services { get; } = new Dictionary<string, (string, string[])>
    {
        ["hub"] = ("Notifications.Hub", OfAll),
        ["orders"] = ("Notifications.OrderService", [.. OfAll, "ConnectionStrings__orders"]),
        ["gateway"] = ("Notifications.Gateway", [.. OfAll, "services__hub__http__0", "services__orders__http__0"]),
    };

    /// <summary>Whether a library knows the variable, the service needs it, or it sets a property of an options class that names its section.</summary>
    public static bool IsRead(string service, string variable) =>
        OfLibraries.Contains(variable) || Services[service].Needed.Contains(variable)
        || Options(Services[service].Project).Any(options => Rest(variable, options.Section) is { } path && Binds(options.Type, path));

    private static IEnumerable<(string Section, Type Type)> Options(string project) =>
        from assembly in WithReferences(Assembly.Load(project))
        from type in assembly.GetTypes()
        let section = type.GetField("Section", BindingFlags.Public | BindingFlags.Static)
        where section is { IsLiteral: true }
        select ((string)section.GetRawConstantValue()!, type);

    private static IEnumerable<Assembly> WithReferences(Assembly assembly) =>
        assembly.GetReferencedAssemblies().Where(name => name.Name!.StartsWith($"{nameof(Notifications)}.", StringComparison.Ordinal))
            .SelectMany(name => WithReferences(Assembly.Load(name))).Prepend(assembly);

    private static string[]? Rest(string variable, string section)
    {
        var prefix = section.Replace(":", "__", StringComparison.Ordinal) + "__";
        return variable.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? variable[prefix.Length..].Split("__") : null;
    }

    private static bool Binds(Type type, ReadOnlySpan<string> path) =>
        path.Length == 0
        || (type.IsArray ? int.TryParse(path[0], out _) && Binds(type.GetElementType()!, path[1..])
            : type.GetProperty(path[0], Properties) is { CanWrite: true } property && Binds(property.PropertyType, path[1..]));
}
