namespace Notifications.Transport.Links;

/// <summary>Splits the bytes that a session link receives into frames.</summary>
/// <param name="onFrame">Called with each frame. The payload is valid only until the call returns.</param>
internal sealed class LinkInput(LinkInput.FrameHandler onFrame)
{
    private readonly byte[] _buffer = new byte[LinkFrame.HeadLength + LinkFrame.MaxLength];
    private int _length;

    public delegate void FrameHandler(LinkFrame frame, ReadOnlySpan<byte> payload);

    /// <summary>The buffer for the next bytes that the link receives.</summary>
    public Memory<byte> Room => _buffer.AsMemory(_length);

    /// <summary>Handles the frames that are complete, after <paramref name="count"/> bytes were received into <see cref="Room"/>.</summary>
    /// <exception cref="IOException">The bytes are no frames.</exception>
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
