using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Notifications.Hubs.Operators;

/// <summary>Collects what Redis and the hubs know of a user.</summary>
internal sealed class UserLookup(UserInspector inspector, HubQuestions hubs, InstanceRegistry registry, ILogger<UserLookup> logger)
{
    /// <summary>An answer takes no more notifications after this many bytes.</summary>
    private const int MaxBytes = 512 * 1024;

    public async Task<FoundUser> FindAsync(string user, int limit, bool withPayloads)
    {
        var running = await registry.ListAsync();
        var asking = hubs.AskForConnectionsAsync(user, running.Select(instance => instance.Id));
        var inspecting = inspector.InspectAsync(user, limit, MaxBytes);
        await Task.WhenAll(asking, inspecting);
        var (answers, inspected) = (await asking, await inspecting);
        return new FoundUser(
            user,
            inspected.End is { } end ? new FoundPosition(end.Epoch, end.Offset) : null,
            inspected.LogLength,
            (long?)inspected.LogExpiresIn?.TotalSeconds,
            [.. inspected.Devices.Select(device => Device(device, inspected.End?.Offset ?? 0))],
            [
                .. answers.Values.OrderBy(answer => answer.Instance, StringComparer.Ordinal)
                    .Select(answer => new FoundConnections(answer.Instance, answer.ConnectionCount, answer.Connections)),
            ],
            [.. running.Select(instance => instance.Id).Where(id => !answers.ContainsKey(id))],
            [.. inspected.Newest.Select((entry, index) => Notification(StreamName.User(user), inspected.End!.Value.Offset - index, entry, withPayloads))]);
    }

    private static FoundDevice Device(InspectedDevice device, long end)
    {
        // A cursor below every offset is of an earlier epoch.
        var cursor = device.Cursor is >= 0 ? device.Cursor : null;
        return new FoundDevice(
            device.Name, cursor, end - cursor, device.SeenAt,
            device.Phone is { } phone ? new FoundPhone(phone.Platform.ToString().ToLowerInvariant(), phone.RegisteredAt) : null);
    }

    private FoundNotification Notification(StreamName stream, long offset, ReadOnlyMemory<byte> bytes, bool withPayload)
    {
        try
        {
            var entry = LogEntry.Parse(bytes);
            var body = JsonElement.Parse(entry.Body.Span);
            var payload = body.GetProperty("payload");
            return new FoundNotification(
                offset,
                body.GetProperty("id").GetString(),
                body.GetProperty("type").GetString(),
                entry.Timestamp.ToUnixTimeMilliseconds(),
                JsonMarshal.GetRawUtf8Value(payload).Length,
                !entry.Push.IsEmpty,
                ActivityContext.TryParse(entry.TraceParent, null, out var trace) ? trace.TraceId.ToHexString() : null,
                withPayload ? payload : null);
        }
        catch (Exception exception) when (exception is FormatException or JsonException or KeyNotFoundException)
        {
            Delivery.Log.UnreadableEntry(logger, stream, exception);
            return new FoundNotification(offset, null, null, null, bytes.Length, false, null, null);
        }
    }
}
