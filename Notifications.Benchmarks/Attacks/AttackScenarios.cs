namespace Notifications.Benchmarks.Attacks;

internal static class AttackScenarios
{
    private const string EveryName = "all";

    public static IReadOnlyList<AttackScenario> All { get; } =
    [
        new ForgedTokens(),
        new OthersStreams(),
        new ForeignOrigin(),
        new OversizedFrames(),
        StrangeMessages.Malformed(),
        StrangeMessages.WithOddValues(),
        new UnknownMethods(),
        new CallFlood(),
        new SlowHeaders(),
        new SlowReads(),
        new UnfinishedHandshakes(),
        new HandshakeFlood("handshake-flood", "10,000 handshakes of one user from one address as fast as possible, while another user connects", ""),
        new HandshakeFlood("disguised-handshakes", "The same 10,000 handshakes, disguised as requests of a session that has begun", "&id=x"),
        new ConnectionFlood(),
        new EscapingNames(),
        new Smuggling(),
        new UpgradedBodies(),
        new UnusedTopics(),
        new DevicesWithoutEnd(),
    ];

    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static IReadOnlyList<AttackScenario> Named(string? name) =>
        name is null or EveryName ? All
        : All.FirstOrDefault(scenario => scenario.Name == name) is { } one ? [one]
        : throw new ArgumentException($"There is no attack \"{name}\". There are {EveryName}, {string.Join(", ", All.Select(scenario => scenario.Name))}.");
}
