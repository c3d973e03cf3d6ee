using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Notifications.Tests.Gateway;

/// <summary>What one service's instrument counted, as <c>tag=value count</c>.</summary>
internal sealed class Measurements : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<string> _all = new();

    public Measurements(IMeterFactory meters, string name)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == name && instrument.Meter.Scope == meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, count, tags, _) => _all.Enqueue($"{tags[0].Key}={tags[0].Value} {count}"));
        _listener.Start();
    }

    public IReadOnlyCollection<string> All => _all;

    public void Dispose() => _listener.Dispose();
}
