namespace Notifications.Transport.Links;

/// <summary>Takes the frames out of what a session link receives.</summary>
/// <param name="onFrame">Called with each. The payload is gone when it returns.</param>
internal sealed class LinkInput(LinkInput.FrameHandler onFrame)
{
    private readonly byte[] _buffer = new byte[LinkFrame.HeadLength + LinkFrame.MaxLength];
    private int _length;

    public delegate void FrameHandler(LinkFrame frame, ReadOnlySpan<byte> payload);

    /// <summary>Where the next bytes go.</summary>
    public Memory<byte> Room => _buffer.AsMemory(_length);

    /// <summary>So many bytes are there now.</summary>
    /// <exception cref="IOException">They are no frames.</exception>
    public void Received(int count)
    {
        var bytes = _buffer.AsSpan(0, _length + count);
        WriteBatch.Begin();
        try
        {
            while (bytes.Length >= LinkFrame.HeadLength)
            {
                var frame = LinkFrame.Read(bytes);
                var end = LinkFrame.HeadLength + frame.Length;
                if (bytes.Length < end)
                {
                    break;
                }

                onFrame(frame, bytes[LinkFrame.HeadLength..end]);
                bytes = bytes[end..];
            }
        }
        finally
        {
            WriteBatch.End();
        }

        bytes.CopyTo(_buffer);
        _length = bytes.Length;
    }
}
