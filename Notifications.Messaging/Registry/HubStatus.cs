using System.Text.Json.Serialization;

namespace Notifications.Messaging.Registry;

/// <summary>Whether an instance takes new sessions, or why it does not.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HubState>))]
internal enum HubState
{
    [JsonStringEnumMemberName("serving")]
    Serving,

    /// <summary>An operator had it hand its clients to others, until the operator takes that back.</summary>
    [JsonStringEnumMemberName("drained")]
    Drained,

    /// <summary>It was told to stop.</summary>
    [JsonStringEnumMemberName("stopping")]
    Stopping,

    /// <summary>Nothing that is published over Redis reaches it just now.</summary>
    [JsonStringEnumMemberName("deaf")]
    Deaf,
}

/// <summary>What an instance says of itself at each refresh of its registry entry.</summary>
internal sealed record HubStatus
{
    public required HubState State { get; init; }

    /// <summary>When the process entered the registry.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Client connections.</summary>
    public required int Connections { get; init; }

    /// <summary>Streams that it listens to.</summary>
    public required int Streams { get; init; }

    /// <summary>Notifications written to connections in a second, over the last few.</summary>
    public required double DeliveredPerSecond { get; init; }

    /// <summary>
    /// Within how many milliseconds after their publish 99 of 100 of them were written; null if there was none. Counts what was published
    /// while its connection was there, not what was waiting for it.
    /// </summary>
    public double? LagP99Ms { get; init; }

    /// <summary>The same for all of them.</summary>
    public double? LagMaxMs { get; init; }

    /// <summary>How long Redis took for the refresh before this one; null before the first.</summary>
    public double? RedisMs { get; init; }
}
