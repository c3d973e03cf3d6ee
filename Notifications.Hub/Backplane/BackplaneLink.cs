using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Instances;
using Notifications.Messaging;
using StackExchange.Redis;

namespace Notifications.Hubs.Backplane;

/// <summary>
/// Carries what hub instances tell each other about their clients: at most once, and what one instance sends arrives everywhere in its order. Two
/// channels an instance, however many connections, users and groups it has: one that all listen to, and one of its own.
/// </summary>
internal sealed class BackplaneLink : LiveListener, IHealthCheck
{
    /// <summary>Received and not applied yet. Applying waits for no client, so there are this many only if the processor is not enough.</summary>
    private const int MaxReceived = 10_000;

    private readonly ConcurrentDictionary<string, Action<string, BackplaneBody>> _hubs = new(StringComparer.Ordinal);
    private readonly Channel<byte[]> _received = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MaxReceived) { SingleReader = true });
    private readonly Instance _instance;
    private readonly IConnectionMultiplexer _redis;
    private readonly LiveChannels _channels;
    private readonly ILogger<BackplaneLink> _logger;
    private readonly LiveSubscription _all;
    private readonly LiveSubscription _own;
    private bool _overran;

    public BackplaneLink(Instance instance, IConnectionMultiplexer redis, LiveChannels channels, LiveLink link, TimeProvider time, ILogger<BackplaneLink> logger)
        : base(link, time)
    {
        (_instance, _redis, _channels, _logger) = (instance, redis, channels, logger);
        _all = new LiveSubscription(link, channels.BackplaneAsync, Receive);
        _own = new LiveSubscription(link, () => channels.BackplaneAsync(instance.Id), Receive);
    }

    /// <summary>What other instances send from now on arrives, as long as the live link hears.</summary>
    public bool IsListening => _own.HasBegun && _all.HasBegun;

    protected override TimeSpan Pace => IsListening ? SteadyPace : FirstPace;

    /// <param name="hub">The full name of a hub class.</param>
    /// <param name="take">Gets what is sent about its clients, and by which instance, one after the other. Waits for nothing.</param>
    public void Join(string hub, Action<string, BackplaneBody> take) => _hubs[hub] = take;

    public bool IsOwn(string instance) => instance == _instance.Id;

    /// <summary>To all instances, this one among them, after what it sent before.</summary>
    /// <param name="hub">The full name of the hub class whose clients are meant.</param>
    /// <param name="body">What is sent.</param>
    /// <returns>How many instances hear it, this one among them.</returns>
    /// <exception cref="RedisException">Redis does not take it. Whether it did before it failed is not known.</exception>
    /// <exception cref="RedisTimeoutException">Redis has not answered in time.</exception>
    public Task<long> SendToAllAsync(string hub, BackplaneBody body) => SendAsync(_channels.BackplaneAsync(), hub, body);

    /// <summary>To one instance that gave an order. It has a time limit for the case that this fails.</summary>
    public void Answer(string instance, string hub, BackplaneBody answer) => _ = AnswerAsync(instance, hub, answer);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(IsListening ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("Redis has not let this instance listen to what other hub instances send."));

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _ = TakeAllAsync();
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _received.Writer.TryComplete();
        base.Dispose();
    }

    protected override async Task UpdateAsync()
    {
        await _own.BeginAsync();
        await _all.BeginAsync();
    }

    protected override void NotUpdated(Exception exception) => Log.BackplaneNotHeard(_logger, exception);

    private async Task<long> SendAsync(ValueTask<RedisChannel> channel, string hub, BackplaneBody body)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(new BackplaneMessage(_instance.Id, hub, body), BackplaneJson.Default.BackplaneMessage);
        return await _redis.GetDatabase().PublishAsync(await channel, text);
    }

    private async Task AnswerAsync(string instance, string hub, BackplaneBody answer)
    {
        try
        {
            await SendAsync(_channels.BackplaneAsync(instance), hub, answer);
        }
        catch (Exception exception)
        {
            Log.OrderNotAnswered(_logger, instance, exception);
        }
    }

    /// <summary>Who calls this reads for everybody: another thread takes it.</summary>
    private void Receive(ReadOnlySpan<byte> message)
    {
        var fits = _received.Writer.TryWrite(message.ToArray());
        if (!fits && !_overran)
        {
            Log.BackplaneOverrun(_logger, MaxReceived);
        }

        _overran = !fits;
    }

    private async Task TakeAllAsync()
    {
        await foreach (var message in _received.Reader.ReadAllAsync())
        {
            try
            {
                Take(message);
            }
            catch (Exception exception)
            {
                Log.BackplaneMessageNotTaken(_logger, exception);
            }
        }
    }

    private void Take(byte[] text)
    {
        var message = JsonSerializer.Deserialize(text, BackplaneJson.Default.BackplaneMessage);
        if (_hubs.TryGetValue(message!.Hub, out var take))
        {
            take(message.From, message.Body);
        }
        else if (message.Body is ConnectionOrder order)
        {
            // Of a hub class that this process does not have.
            Answer(message.From, message.Hub, new HolderAnswer(order.Id, Holds: false));
        }
    }
}
