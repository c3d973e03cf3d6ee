using Notifications.Messaging;

namespace Notifications.Benchmarks.Load;

/// <summary>A user's stream and how far it was published.</summary>
internal sealed class UserStream(string user)
{
    private long _end;

    public string User => user;

    public StreamName Name { get; } = StreamName.User(user);

    /// <summary>The highest offset acknowledged to a publisher.</summary>
    public long End => Interlocked.Read(ref _end);

    public void Acknowledged(long offset)
    {
        // Acknowledgements of one stream overtake each other on their way back.
        for (var end = End; end < offset && Interlocked.CompareExchange(ref _end, offset, end) != end;)
        {
            end = End;
        }
    }
}
