using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Notifications.Transport.Links;
using Notifications.Transport.Sockets;

namespace Notifications.Transport.GatewayEnd;

/// <summary>
/// The gateway's end of the link to one hub instance. The link has its own thread, which receives from the hub and passes the bytes on itself. It wakes only
/// once for everything that has arrived.
/// </summary>
/// <param name="hub">The instance's address.</param>
/// <param name="time">The clock.</param>
/// <param name="onEnded">Called when the link can't be used any more, or could not be opened.</param>
/// <param name="logger">Logs failures of the link and of its sessions.</param>
internal sealed class HubLink(Uri hub, TimeProvider time, Action<HubLink> onEnded, ILogger logger) : Link(logger), IDisposable
{
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(10);

    /// <summary>
    /// After this time without a byte the link is given up. A SignalR client waits for its server as
    /// long, so a hub that is paused for longer loses its clients anyway.
    /// </summary>
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(30);

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly TaskCompletionSource<LinkOutput> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LinkOutput? _output;
    private long _heardAt = time.GetTimestamp();
    private uint _last;
    private int _taken;

    /// <summary>Whether the hub has accepted the link. The link may have ended since.</summary>
    public bool WasOpened => _ready.Task.IsCompletedSuccessfully;

    /// <summary>
    /// The number of sessions that have taken over their client's socket. Their requests are over, so YARP no longer counts them at the instance.
    /// </summary>
    public int Taken => Volatile.Read(ref _taken);

    public override LinkOutput Output => _output ?? throw new InvalidOperationException("The link is not open yet.");

    /// <summary>Starts a thread that opens the link. A hub that is down refuses at once, so the link may have ended already when this returns.</summary>
    public void Start() => new Thread(Run) { IsBackground = true, Name = $"link to {hub.Authority}" }.Start();

    /// <summary>Begins a session and waits for the hub's answer to it.</summary>
    /// <exception cref="HttpRequestException">The instance can't be reached, or the link broke.</exception>
    public async Task<(LinkHead Answer, ClientSession Session)> OpenAsync(byte[] request, SocketHandover? handover, CancellationToken cancellationToken)
    {
        ClientSession? session = null;
        try
        {
            var output = await _ready.Task.WaitAsync(cancellationToken);
            session = new ClientSession(this, Interlocked.Increment(ref _last), handover);
            Add(session);
            output.Write(FrameType.Open, session.Id, request);
            // The link may have ended before the session was added. Then nothing else ends this session.
            if (output.IsEnded)
            {
                throw new IOException("The link ended.");
            }

            return (await session.Answer.WaitAsync(cancellationToken), session);
        }
        catch (Exception exception)
        {
            session?.Close(isBroken: true);
            if (exception is IOException or SocketException)
            {
                throw new HttpRequestException($"The link to {hub} broke.", exception);
            }

            throw;
        }
    }

    public void CountTaken(int more) => Interlocked.Add(ref _taken, more);

    public void Dispose() => _socket.Dispose();

    protected override void OnOpen(uint id, ReadOnlySpan<byte> head) =>
        throw new IOException($"A frame of type {FrameType.Open} came over the link from {hub}, to which only a gateway sends such.");

    private void Run()
    {
        Exception reason = new IOException("The hub has closed the link.");
        try
        {
            using var ping = time.CreateTimer(_ => Ping(), null, PingInterval, PingInterval);
            using var stream = Connect();
            while (stream.Read(Input.Room.Span) is > 0 and var count)
            {
                Volatile.Write(ref _heardAt, time.GetTimestamp());
                Input.Received(count);
            }
        }
        catch (Exception exception)
        {
            reason = exception;
        }

        End(reason);
    }

    private void End(Exception reason)
    {
        onEnded(this);
        _socket.Dispose();
        if (_ready.TrySetException(new IOException($"No link to {hub} could be opened: {reason.Message}", reason)))
        {
            return;
        }

        if (Count > 0)
        {
            Log.LinkToHubBroken(Logger, hub, Count, reason.Message);
        }

        EndSessions(reason as IOException ?? new IOException(reason.Message, reason));
    }

    /// <remarks>Does not use an HTTP client: its connections are read through other threads.</remarks>
    private Stream Connect()
    {
        _socket.Connect(hub.IdnHost, hub.Port);
        Stream stream = new NetworkStream(_socket);
        var isEncrypted = hub.Scheme == Uri.UriSchemeHttps;
        if (isEncrypted)
        {
            var encrypted = new SslStream(stream);
            encrypted.AuthenticateAsClient(hub.IdnHost);
            stream = encrypted;
        }

        stream.Write(Encoding.ASCII.GetBytes(
            $"GET {LinkFrame.Path} HTTP/1.1\r\nHost: {hub.Authority}\r\nConnection: Upgrade\r\nUpgrade: {LinkFrame.Protocol}\r\n\r\n"));
        ReadAnswer(stream);
        _output = new LinkOutput(
            isEncrypted ? null : _socket,
            bytes => new ValueTask(Task.Run(() => stream.Write(bytes.Span))),
            Drained,
            _ => _socket.Dispose());
        _ready.SetResult(_output);
        return stream;
    }

    private void ReadAnswer(Stream stream)
    {
        const int longest = 16 * 1024;
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var next = stream.ReadByte();
            if (next < 0 || head.Length == longest)
            {
                throw new IOException($"{hub} did not answer the request for a link: {Line(head)}");
            }

            head.Append((char)next);
        }

        if (!head.ToString().StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal))
        {
            throw new IOException($"{hub} refused a link: {Line(head)}");
        }
    }

    private static string Line(StringBuilder head) => head.ToString().Split('\r', 2)[0];

    private void Ping()
    {
        var silence = time.GetElapsedTime(Volatile.Read(ref _heardAt));
        if (silence >= SilenceLimit)
        {
            Log.LinkSilent(Logger, hub, silence);
            _socket.Dispose();
        }
        else
        {
            _output?.Write(FrameType.Ping, 0, default);
        }
    }
}
