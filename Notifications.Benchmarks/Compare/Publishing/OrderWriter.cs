namespace Notifications.Benchmarks.Compare.Publishing;

/// <summary>Writes orders to a publisher's standard input, those of one round of the clients at once.</summary>
internal sealed class OrderWriter(Stream input)
{
    private const int MaxBuffered = 1024;

    private readonly byte[] _buffer = new byte[MaxBuffered * Order.Size];
    private int _length;

    /// <summary>Goes out with the next <see cref="Flush"/>.</summary>
    public void Add(Order order)
    {
        order.Write(_buffer.AsSpan(_length));
        _length += Order.Size;
        if (_length == _buffer.Length)
        {
            Flush();
        }
    }

    public void Flush()
    {
        if (_length > 0)
        {
            input.Write(_buffer, 0, _length);
            input.Flush();
            _length = 0;
        }
    }
}
