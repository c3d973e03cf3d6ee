namespace Notifications.Benchmarks.Compare.Systems;

/// <summary>One of the compared systems, as it is asked for and as tables call it.</summary>
internal sealed record SystemKind(string Name, string Title, bool IsOnNode, Func<SystemOptions, CancellationToken, Task<ComparedSystem>> StartAsync)
{
    public static readonly SystemKind Ours = new("ours", "this system", IsOnNode: false, OurSystem.StartAsync);

    /// <summary>Without links between gateway and hubs.</summary>
    public static readonly SystemKind OursPlain = new("ours-plain", "this system, plain", IsOnNode: false, OurSystem.StartPlainAsync);

    public static readonly SystemKind SocketIo = new("socketio", "usual stack", IsOnNode: true, NodeSystem.StartSocketIoAsync);

    public static readonly SystemKind SignalR = new("signalr", "stock SignalR", IsOnNode: false, StockSignalRSystem.StartAsync);

    public static readonly SystemKind Ws = new("ws", "ws by hand", IsOnNode: true, NodeSystem.StartWsAsync);

    public static IReadOnlyList<SystemKind> All { get; } = [Ours, OursPlain, SocketIo, SignalR, Ws];

    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static SystemKind Named(string name) => All.FirstOrDefault(kind => kind.Name == name)
        ?? throw new ArgumentException($"There is no system \"{name}\". --only takes {string.Join(", ", All.Select(kind => kind.Name))}, or several with commas between.");
}
