using System.Text.Json;
using System.Text.Json.Serialization;

namespace Notifications.Hubs.Operators;

/// <summary>What the system has of a user.</summary>
/// <param name="User">The user's id.</param>
/// <param name="Position">The end of the user's stream; null: there is no stream.</param>
/// <param name="LogLength">How many notifications the log has.</param>
/// <param name="LogExpiresInSeconds">How long the log lives if nothing more is published; null: there is no log.</param>
/// <param name="Devices">The user's devices, by name.</param>
/// <param name="Instances">The hub instances that answered, by id.</param>
/// <param name="NotAnswered">The instances that did not answer in time. It is not known whether the user has connections there.</param>
/// <param name="Notifications">The newest notifications, newest first.</param>
internal sealed record FoundUser(
    string User,
    FoundPosition? Position,
    long LogLength,
    long? LogExpiresInSeconds,
    IReadOnlyList<FoundDevice> Devices,
    IReadOnlyList<FoundConnections> Instances,
    IReadOnlyList<string> NotAnswered,
    IReadOnlyList<FoundNotification> Notifications);

internal sealed record FoundPosition(string Epoch, long Offset);

/// <param name="Device">The name that the device gives itself.</param>
/// <param name="Cursor">The highest offset that the device acknowledged; null: it never connected, or acknowledged in an earlier epoch only.</param>
/// <param name="Unacknowledged">How many notifications follow the cursor; null: there is no cursor.</param>
/// <param name="SeenAt">When the device last connected or acknowledged. The time of an acknowledgement may be some hours too early.</param>
/// <param name="Phone">The phone that is registered under this name, without its token; null: none.</param>
internal sealed record FoundDevice(string Device, long? Cursor, long? Unacknowledged, DateTimeOffset? SeenAt, FoundPhone? Phone);

internal sealed record FoundPhone(string Platform, DateTimeOffset RegisteredAt);

/// <summary>How many connections the user has to a hub instance, and the first of them.</summary>
internal sealed record FoundConnections(string Instance, int ConnectionCount, IReadOnlyList<UserConnection> Connections);

/// <param name="Offset">The notification's offset in the stream.</param>
/// <param name="Id">The notification's id. This version can't read the entry if id, type and time are null.</param>
/// <param name="Type">The type that the publisher gave it.</param>
/// <param name="Timestamp">The time of the publish in Unix milliseconds, as clients get it.</param>
/// <param name="PayloadBytes">The size of the payload in bytes; of the whole entry if this version can't read it.</param>
/// <param name="Push">Whether it goes to phones if no device acknowledges it.</param>
/// <param name="TraceId">The id of the trace in which it was published; null: there is none.</param>
/// <param name="Payload">The payload. Left out unless it was asked for.</param>
internal sealed record FoundNotification(
    long Offset,
    string? Id,
    string? Type,
    long? Timestamp,
    int PayloadBytes,
    bool Push,
    string? TraceId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Payload);
