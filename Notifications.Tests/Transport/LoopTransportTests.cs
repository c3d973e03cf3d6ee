using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Notifications.Transport;
using Notifications.Transport.Sockets;
using Xunit;

namespace Notifications.Tests.Transport;

/// <summary>Kestrel on our transport, with real sockets.</summary>
public sealed class LoopTransportTests : IAsyncLifetime
{
    private const int Megabytes8 = 8 * 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Taken _taken = new();
    private WebApplication _app = null!;

    private Uri Address => new(_app.Urls.Single());

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddSessionTransport(TransportEnd.Gateway);
        _app = builder.Build();
        _app.MapPost("/echo", async (HttpContext context) =>
        {
            // First all of it: HttpClient receives nothing while it sends, so both ends would wait for each other once their buffers are full.
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
        });
        _app.MapGet("/never", async (HttpContext context) =>
        {
            context.RequestAborted.Register(() => _aborted.TrySetResult());
            _begun.SetResult();
            await _aborted.Task.WaitAsync(Limit);
        });
        _app.MapGet("/taken", async (HttpContext context) =>
        {
            var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
            var handover = context.Features.GetRequiredFeature<SocketHandover>();
            var socket = handover.TryTake();
            Assert.NotNull(socket);
            Assert.Null(handover.TryTake());
            await stream.CopyToAsync(_taken.Before);
            context.Features.EndWithConnection(_taken.Held);
            _taken.Take(socket, handover);
        });
        await _app.StartAsync();
    }

    public Task DisposeAsync() => _app.DisposeAsync().AsTask();

    [Fact]
    public async Task A_long_body_arrives_as_it_was_sent_both_ways()
    {
        using var http = new HttpClient { BaseAddress = Address };
        var sent = new byte[Megabytes8];
        new Random(1).NextBytes(sent);

        using var answer = await http.PostAsync("/echo", new ByteArrayContent(sent));

        Assert.Equal(sent, await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Who_reads_late_gets_all_of_it_and_meanwhile_others_are_answered()
    {
        using var http = new HttpClient { BaseAddress = Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/echo") { Content = new ByteArrayContent(new byte[Megabytes8]) };
        using var late = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        for (var i = 0; i < 20; i++)
        {
            using var other = await http.PostAsync("/echo", new StringContent($"{i}"));
            Assert.Equal($"{i}", await other.Content.ReadAsStringAsync());
        }

        Assert.Equal(Megabytes8, (await late.Content.ReadAsByteArrayAsync()).Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_is_aborted_when_its_client_goes(bool isReset)
    {
        using var client = await ConnectAsync("GET /never HTTP/1.1\r\nHost: x\r\n\r\n");

        await _begun.Task.WaitAsync(Limit);
        client.Client.Close(isReset ? 0 : -1);

        await _aborted.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_socket_that_was_taken_goes_on_when_its_request_is_over()
    {
        using var client = await ConnectAsync("GET /taken HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nbefore");
        var stream = client.GetStream();
        var answer = new StringBuilder();
        var buffer = new byte[1_024];
        while (!answer.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            answer.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer)));
        }

        Assert.StartsWith("HTTP/1.1 101 ", answer.ToString(), StringComparison.Ordinal);
        await _taken.Begun.WaitAsync(Limit);
        foreach (var word in (string[])["one", "two", new string('x', 100_000)])
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(word));
            var echo = new byte[word.Length];
            await stream.ReadExactlyAsync(echo).AsTask().WaitAsync(Limit);
            Assert.Equal(word, Encoding.ASCII.GetString(echo));
        }

        // What came with the request comes first, wherever it was read.
        Assert.StartsWith("before", _taken.All, StringComparison.Ordinal);
        Assert.False(_taken.Held.IsDisposed);
        client.Close();
        await Eventually.True(() => _taken.Held.IsDisposed, "what was held to be released at the end");
    }

    [Fact]
    public async Task The_thread_of_all_sockets_goes_on_after_a_failure_and_the_health_check_tells()
    {
        using var client = await ConnectAsync("GET /taken HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        await _taken.Begun.WaitAsync(Limit);
        Assert.Equal(HealthStatus.Healthy, await HealthAsync());

        _taken.Fails = true;
        await client.GetStream().WriteAsync("x"u8.ToArray());

        await Eventually.True(async () => await HealthAsync() == HealthStatus.Unhealthy, "the failure to be told");
        using var http = new HttpClient { BaseAddress = Address };
        using var other = await http.PostAsync("/echo", new StringContent("there"));
        Assert.Equal("there", await other.Content.ReadAsStringAsync());
    }

    private async Task<HealthStatus> HealthAsync() => (await _app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status;

    private async Task<TcpClient> ConnectAsync(string request)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        return client;
    }

    private sealed class Held : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    /// <summary>Sends back what it receives.</summary>
    private sealed class Taken : ISocketReader, IFlushable
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly StringBuilder _received = new();
        private WatchedSocket? _socket;
        private SocketHandover? _handover;

        public MemoryStream Before { get; } = new();

        public Held Held { get; } = new();

        public Task Begun => _begun.Task;

        public string All => Encoding.ASCII.GetString(Before.ToArray()) + _received;

        public void Take(WatchedSocket socket, SocketHandover handover)
        {
            (_socket, _handover) = (socket, handover);
            socket.Read(this);
            _begun.SetResult();
        }

        /// <summary>What it writes can't be flushed from now on.</summary>
        public bool Fails { get; set; }

        public void Flush() => throw new InvalidOperationException("Flushing fails.");

        public void OnReadable(Span<byte> room)
        {
            if (Fails)
            {
                WriteBatch.PutOff(this);
            }

            var count = _socket!.Receive(room);
            if (count == 0)
            {
                _socket.Dispose();
                _handover!.Release();
            }
            else if (count > 0)
            {
                var received = room[..count].ToArray();
                _received.Append(Encoding.ASCII.GetString(received));
                // "before" may come this way, and is not waited for.
                var echo = _received.Length == count && _received.ToString().StartsWith("before", StringComparison.Ordinal) ? received.AsMemory("before".Length) : received;
                _ = _socket.SendAsync(echo).AsTask();
            }
        }
    }
}
