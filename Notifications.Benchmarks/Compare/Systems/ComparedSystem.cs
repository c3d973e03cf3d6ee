using System.Diagnostics;
using System.Net;
using Notifications.Benchmarks.Compare.Measures;
using Notifications.Benchmarks.Compare.Protocols;

namespace Notifications.Benchmarks.Compare.Systems;

/// <summary>Three servers, a Redis, a proxy before them and a publisher: one of those that are compared, as processes of this machine.</summary>
internal abstract class ComparedSystem : IAsyncDisposable
{
    /// <summary>Where clients go.</summary>
    public abstract IPEndPoint Proxy { get; }

    /// <summary>The servers behind it.</summary>
    public abstract IReadOnlyList<IPEndPoint> Servers { get; }

    /// <summary>Hubs, Redis and proxy.</summary>
    public abstract IReadOnlyList<ProcessGroup> Groups { get; }

    /// <summary>Its publisher is told where each message went, so that the checker compares the system's own order and offsets.</summary>
    public virtual bool TellsPositions => false;

    /// <summary>Where the servers log.</summary>
    public abstract string LogDirectory { get; }

    /// <summary>Whether the logs outlive the system; they do unless the run says that nobody will want them.</summary>
    public bool KeepsLogs { get; set; } = true;

    public abstract IClientProtocol Protocol(Arrivals arrivals);

    public abstract ProcessStartInfo Publisher();

    /// <exception cref="InvalidOperationException">A server ended, and nobody asked it to.</exception>
    public abstract void ThrowIfAnyDied();

    public abstract ValueTask DisposeAsync();
}
