namespace Notifications.Gateway.Sessions;

/// <summary>Follows the lines of an event stream. The stream can be ended after an empty line. A comment does not begin an event.</summary>
internal sealed class ServerSentEvents : IMessageBoundaries
{
    private bool _isLineEmpty = true;
    private bool _isInEvent;

    public bool IsBetweenMessages => _isLineEmpty && !_isInEvent;

    public ReadOnlyMemory<byte> Goodbye => default;

    public int Follow(ReadOnlySpan<byte> bytes, bool untilBoundary)
    {
        var at = 0;
        for (; at < bytes.Length && !(untilBoundary && IsBetweenMessages); at++)
        {
            switch (bytes[at])
            {
                case (byte)'\n':
                    _isInEvent &= !_isLineEmpty;
                    _isLineEmpty = true;
                    break;
                case (byte)'\r':
                    break;
                case var character:
                    _isInEvent |= _isLineEmpty && character != (byte)':';
                    _isLineEmpty = false;
                    break;
            }
        }

        return at;
    }
}
