using System.Text.Json.Serialization;

namespace Notifications.Messaging.Registry;

/// <summary>Whether an instance takes new sessions, or why it does not.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HubState>))]
internal enum HubState
{
    [JsonStringEnumMemberName("serving")]
    Serving,

    /// <summary>An operator drained it. It hands its clients to other instances and takes no new ones until the operator ends the drain.</summary>
    [JsonStringEnumMemberName("drained")]
    Drained,

    /// <summary>It was told to stop.</summary>
    [JsonStringEnumMemberName("stopping")]
    Stopping,

    /// <summary>Notifications that are published over Redis do not reach it at the moment.</summary>
    [JsonStringEnumMemberName("deaf")]
    Deaf,
}

/// <summary>The report of an instance about itself, at each refresh of its registry entry.</summary>
internal sealed record HubStatus
{
    public required HubState State { get; init; }

    /// <summary>When the process entered the registry.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How many client connections it has.</summary>
    public required int Connections { get; init; }

    /// <summary>How many streams it listens to.</summary>
    public required int Streams { get; init; }

    /// <summary>Notifications written to connections per second, over the last few seconds.</summary>
    public required double DeliveredPerSecond { get; init; }

    /// <summary>
    /// The time between publish and write, in milliseconds, that 99 of 100 of these notifications stayed within; null: there was none. It counts notifications
    /// that were published after their connection subscribed, and not those that waited for it in the log.
    /// </summary>
    public double? LagP99Ms { get; init; }

    /// <summary>The longest of these times, in milliseconds; null: there was no notification.</summary>
    public double? LagMaxMs { get; init; }

    /// <summary>How long Redis took for the refresh before this one, in milliseconds; null: this is the first.</summary>
    public double? RedisMs { get; init; }
}
