using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Notifications.Transport;

/// <summary>Reports failures of the threads that wait for sockets. Such a thread goes on after a failure, so nothing else would show it.</summary>
internal sealed class TransportHealth(IMeterFactory meters, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(30);

    private readonly Counter<long> _failures = meters.Create("Notifications.Transport").CreateCounter<long>(
        "notifications.transport.failures", "{failure}", "Times that a thread which waits for connections failed and went on.");

    private long _failedAt;

    public void LoopFailed()
    {
        _failures.Add(1);
        Volatile.Write(ref _failedAt, time.GetTimestamp());
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Volatile.Read(ref _failedAt) is var at && at != 0 && time.GetElapsedTime(at) < Remembered
            ? HealthCheckResult.Unhealthy($"A thread that waits for connections failed within the last {Remembered.TotalSeconds} s. The log says why.")
            : HealthCheckResult.Healthy());
}
