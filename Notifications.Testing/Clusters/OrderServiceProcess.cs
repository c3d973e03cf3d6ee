namespace Notifications.Testing.Clusters;

/// <summary>
/// A replica of the order service, which takes orders whether or not Redis is there. Replicas share the database that
/// <c>ConnectionStrings__orders</c> names among the <paramref name="settings"/>; without it that is a SQLite file in the cluster's directory.
/// </summary>
internal sealed class OrderServiceProcess(
    string name, DirectoryInfo directory, Watchdog watchdog, HttpClient http, IReadOnlyDictionary<string, string> settings)
    : ServiceProcess("Notifications.OrderService", name, directory, watchdog, http, settings);
