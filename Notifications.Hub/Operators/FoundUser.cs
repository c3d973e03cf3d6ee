using System.Text.Json;
using System.Text.Json.Serialization;

namespace Notifications.Hubs.Operators;

/// <summary>What the system has of a user.</summary>
/// <param name="User">The user's id.</param>
/// <param name="Position">Where their stream ends; null if nothing was ever there.</param>
/// <param name="LogLength">How many notifications its log has.</param>
/// <param name="LogExpiresInSeconds">How long they stay unless another follows.</param>
/// <param name="Devices">By name.</param>
/// <param name="Instances">The hub instances that answered, by id.</param>
/// <param name="NotAnswered">Those that did not in time: it is not known whether the user has connections there.</param>
/// <param name="Notifications">The newest, newest first.</param>
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

/// <param name="Device">The name that it gives itself.</param>
/// <param name="Cursor">The highest offset that it acknowledged; null if it never came, or not since the stream's log began anew.</param>
/// <param name="Unacknowledged">How many follow it; null without a cursor.</param>
/// <param name="SeenAt">When it last connected or, to within some hours, acknowledged.</param>
/// <param name="Phone">What is registered for it, without its token.</param>
internal sealed record FoundDevice(string Device, long? Cursor, long? Unacknowledged, DateTimeOffset? SeenAt, FoundPhone? Phone);

/// <param name="Platform"><c>fcm</c> or <c>apns</c>.</param>
/// <param name="RegisteredAt">When it was registered last.</param>
internal sealed record FoundPhone(string Platform, DateTimeOffset RegisteredAt);

/// <param name="Instance">A hub instance.</param>
/// <param name="ConnectionCount">How many connections the user has there.</param>
/// <param name="Connections">The first of them.</param>
internal sealed record FoundConnections(string Instance, int ConnectionCount, IReadOnlyList<UserConnection> Connections);

/// <param name="Offset">Its place in the stream.</param>
/// <param name="Id">Null, as are the type and the time, of an entry that this version can't read.</param>
/// <param name="Type">What its publisher called it.</param>
/// <param name="Timestamp">When it was published, in Unix milliseconds, as clients get it.</param>
/// <param name="PayloadBytes">The size of the payload.</param>
/// <param name="Push">Whether it goes to phones if nobody acknowledges it.</param>
/// <param name="TraceId">Of the trace that it was published in.</param>
/// <param name="Payload">Left out unless it was asked for.</param>
internal sealed record FoundNotification(
    long Offset,
    string? Id,
    string? Type,
    long? Timestamp,
    int PayloadBytes,
    bool Push,
    string? TraceId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Payload);
