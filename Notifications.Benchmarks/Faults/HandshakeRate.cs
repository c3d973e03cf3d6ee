using System.Diagnostics;
using System.Globalization;
using Notifications.Testing.Clusters;

namespace Notifications.Benchmarks.Faults;

/// <summary>
/// How many sessions a gateway lets in, by what it counts itself (<c>notifications.handshakes</c>). Asks on a thread of its own: among
/// ten thousand clients in the thread pool it would notice an answer a second late, and take two seconds for one.
/// </summary>
internal sealed class HandshakeRate(GatewayProcess gateway)
{
    private const string Admitted = "notifications_handshakes_total{";
    private const string Outcome = "outcome=\"admitted\"";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Queue<Sample> _lastSecond = new();

    /// <summary>The most in one second. Where two samples lie further apart, what came between them is spread over that time.</summary>
    public double Busiest { get; private set; }

    public long Count { get; private set; }

    /// <summary>Until cancelled.</summary>
    /// <exception cref="HttpRequestException">The gateway does not answer.</exception>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.Factory.StartNew(() => Run(cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        var start = Stopwatch.GetTimestamp();
        bool isLast;
        do
        {
            isLast = cancellationToken.IsCancellationRequested;
            var asked = Stopwatch.GetElapsedTime(start);
            var count = Ask(http);
            Take(new Sample(asked, Stopwatch.GetElapsedTime(start), count));
            cancellationToken.WaitHandle.WaitOne(Interval);
        }
        while (!isLast);
    }

    private void Take(Sample sample)
    {
        Count = sample.Count;
        _lastSecond.Enqueue(sample);
        while (_lastSecond.Count > 2 && sample.Answered - _lastSecond.Peek().Asked > Window)
        {
            _lastSecond.Dequeue();
        }

        var first = _lastSecond.Peek();
        var seconds = Math.Max(1, (sample.Answered - first.Asked) / Window);
        Busiest = Math.Max(Busiest, (sample.Count - first.Count) / seconds);
    }

    private long Ask(HttpClient http)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, gateway.Metrics);
        using var answer = http.Send(request);
        using var text = new StreamReader(answer.EnsureSuccessStatusCode().Content.ReadAsStream());
        while (text.ReadLine() is { } line)
        {
            if (line.StartsWith(Admitted, StringComparison.Ordinal) && line.Contains(Outcome, StringComparison.Ordinal))
            {
                return long.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture);
            }
        }

        // There is none before the first handshake.
        return 0;
    }

    /// <summary>The count is that of some moment between question and answer.</summary>
    private readonly record struct Sample(TimeSpan Asked, TimeSpan Answered, long Count);
}
