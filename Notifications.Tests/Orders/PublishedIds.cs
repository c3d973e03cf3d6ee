using System.Text.Json;
using Notifications.Messaging;
using Notifications.Messaging.Log;

namespace Notifications.Tests.Orders;

/// <summary>What stands in a user's log: the ids of their notifications, in its order.</summary>
internal static class PublishedIds
{
    private const int PageSize = 500;

    public static async Task<IReadOnlyList<string>> ReadIdsAsync(this NotificationLog log, string user)
    {
        var ids = new List<string>();
        LogPage page;
        do
        {
            page = await log.ReadAfterAsync(StreamName.User(user), ids.Count, PageSize);
            if (!page.IsContiguous)
            {
                throw new InvalidOperationException($"The log of {user} begins after {page.After} and not after {page.Asked}: the test needs a longer one.");
            }

            ids.AddRange(page.Entries.Select(Id));
        }
        while (!page.IsLast);

        return ids;
    }

    /// <summary>The ids as soon as they satisfy <paramref name="condition"/>.</summary>
    public static Task<IReadOnlyList<string>> WaitForIdsAsync(
        this NotificationLog log, string user, Func<IReadOnlyList<string>, bool> condition, TimeSpan? limit = null) =>
        Eventually.Value(
            async () => await log.ReadIdsAsync(user) is var ids && condition(ids) ? ids : null, $"the notifications of {user} in the log", limit);

    private static string Id(ReadOnlyMemory<byte> entry)
    {
        using var body = JsonDocument.Parse(LogEntry.Parse(entry).Body);
        return body.RootElement.GetProperty("id").GetString()!;
    }
}
