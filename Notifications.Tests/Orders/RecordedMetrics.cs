using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Notifications.Tests.Orders;

/// <summary>What one service's instruments say: the last value of a gauge, the sum of a counter.</summary>
internal sealed class RecordedMetrics : IDisposable
{
    private readonly ConcurrentDictionary<string, double> _values = new();
    private readonly MeterListener _listener = new();

    /// <param name="meters">The service's. Other services of this process have their own.</param>
    public RecordedMetrics(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.Start();
    }

    /// <param name="name">The instrument, with its tags as in <c>name{key=value}</c>.</param>
    /// <returns>Null if it has said nothing.</returns>
    public double? this[string name]
    {
        get
        {
            _listener.RecordObservableInstruments();
            return _values.TryGetValue(name, out var value) ? value : null;
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var name = tags.IsEmpty ? instrument.Name : $"{instrument.Name}{{{string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}}}";
        _values.AddOrUpdate(name, value, (_, before) => instrument.IsObservable ? value : before + value);
    }
}
