using System.Net;

namespace Notifications.Transport;

/// <summary>The body of a response that opened a session. It can only be read as a stream, which lasts as long as the session.</summary>
internal abstract class StreamOnlyContent : HttpContent
{
    protected sealed override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        throw new NotSupportedException("A session is read as a stream.");

    protected sealed override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
