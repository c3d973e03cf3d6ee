using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Instances;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Hubs.Operators;

/// <summary>
/// Asks all hubs something over Redis and answers what they ask: where the gateway has one address for all of them, no other way leads to
/// each. Nothing is kept: a hub that does not hear within the limit has not answered, and whoever asked is told which.
/// </summary>
internal sealed class HubQuestions : LiveListener
{
    /// <summary>One that is well answers within milliseconds. Below the time-out of Redis commands.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    /// <summary>A user's connections and their streams that are told of; a gateway lets him have a hundred connections.</summary>
    private const int MaxConnections = 100;
    private const int MaxStreams = 20;

    private readonly ConcurrentDictionary<string, PendingAnswers> _asked = new(StringComparer.Ordinal);
    private readonly Instance _instance;
    private readonly ConnectionDeliveries _deliveries;
    private readonly DrainSwitch _drain;
    private readonly IConnectionMultiplexer _redis;
    private readonly LiveChannels _channels;
    private readonly TimeProvider _time;
    private readonly ILogger<HubQuestions> _logger;
    private readonly LiveSubscription _questions;
    private readonly LiveSubscription _answers;

    public HubQuestions(
        Instance instance, ConnectionDeliveries deliveries, DrainSwitch drain, IConnectionMultiplexer redis, LiveChannels channels, LiveLink link, TimeProvider time,
        ILogger<HubQuestions> logger)
        : base(link, time)
    {
        (_instance, _deliveries, _drain, _redis, _channels, _time, _logger) = (instance, deliveries, drain, redis, channels, time, logger);
        _questions = new LiveSubscription(link, channels.QuestionsAsync, Answer);
        _answers = new LiveSubscription(link, () => channels.AnswersAsync(instance.Id), Take);
    }

    protected override TimeSpan Pace => SteadyPace;

    /// <summary>Which connections of the user each hub has. Waits for those that are expected, up to <see cref="AnswerLimit"/>.</summary>
    /// <returns>The answers, by instance; also of one that is not expected.</returns>
    public Task<IReadOnlyDictionary<string, HubAnswer>> AskForConnectionsAsync(string user, IEnumerable<string> expected) =>
        AskAsync(new HubQuestion(NewId(), _instance.Id, ConnectionsOf: user), expected);

    /// <summary>Has an instance hand its clients to others, or take new ones again.</summary>
    /// <returns>False if it did not answer: it may have heard all the same.</returns>
    public async Task<bool> DrainAsync(string instance, bool isDrained) =>
        (await AskAsync(new HubQuestion(NewId(), _instance.Id, Drain: new DrainOrder(instance, isDrained)), [instance])).ContainsKey(instance);

    protected override async Task UpdateAsync()
    {
        await _answers.BeginAsync();
        await _questions.BeginAsync();
    }

    protected override void NotUpdated(Exception exception) => Log.QuestionsNotHeard(_logger, exception);

    private static string NewId() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    private async Task<IReadOnlyDictionary<string, HubAnswer>> AskAsync(HubQuestion question, IEnumerable<string> expected)
    {
        var pending = _asked[question.Id] = new PendingAnswers(expected);
        try
        {
            var text = JsonSerializer.Serialize(question, QuestionJson.Default.HubQuestion);
            await _redis.GetDatabase().PublishAsync(await _channels.QuestionsAsync(), text);
            await Task.WhenAny(pending.Complete, Task.Delay(AnswerLimit, _time));
            return pending.Answers;
        }
        finally
        {
            _asked.TryRemove(question.Id, out _);
        }
    }

    private void Answer(ReadOnlySpan<byte> message)
    {
        if (Read(message, QuestionJson.Default.HubQuestion) is { } question)
        {
            // A user's connections may be many, and who calls this reads for everybody.
            _ = Task.Run(() => AnswerAsync(question));
        }
    }

    private async Task AnswerAsync(HubQuestion question)
    {
        try
        {
            if (await AnswerToAsync(question) is { } answer)
            {
                var text = JsonSerializer.Serialize(answer, QuestionJson.Default.HubAnswer);
                await _redis.GetDatabase().PublishAsync(await _channels.AnswersAsync(question.From), text);
            }
        }
        catch (Exception exception)
        {
            Log.QuestionNotAnswered(_logger, question.From, exception);
        }
    }

    /// <returns>Null if another is meant.</returns>
    private async Task<HubAnswer?> AnswerToAsync(HubQuestion question)
    {
        if (question.ConnectionsOf is { } user)
        {
            var connections = _deliveries.Of(user).ToArray();
            return new HubAnswer(
                question.Id, _instance.Id, connections.Length, [.. connections.Take(MaxConnections).Select(connection => connection.Describe(MaxStreams))]);
        }

        if (question.Drain is not { } order || order.Instance != _instance.Id)
        {
            return null;
        }

        await _drain.SetAsync(order.IsDrained);
        return new HubAnswer(question.Id, _instance.Id, ConnectionCount: 0, Connections: []);
    }

    private void Take(ReadOnlySpan<byte> message)
    {
        // Of those that come after the limit nobody waits.
        if (Read(message, QuestionJson.Default.HubAnswer) is { } answer && _asked.TryGetValue(answer.Question, out var pending))
        {
            pending.Add(answer);
        }
    }

    private T? Read<T>(ReadOnlySpan<byte> message, JsonTypeInfo<T> contract) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(message, contract);
        }
        catch (JsonException exception)
        {
            Log.NotAQuestion(_logger, exception);
            return null;
        }
    }

    /// <summary>The answers to one question, complete when all that are expected are there.</summary>
    private sealed class PendingAnswers
    {
        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _lock = new();
        private readonly HashSet<string> _missing;
        private readonly Dictionary<string, HubAnswer> _answers = new(StringComparer.Ordinal);

        public PendingAnswers(IEnumerable<string> expected)
        {
            _missing = new(expected, StringComparer.Ordinal);
            CompleteIfAllThere();
        }

        public Task Complete => _complete.Task;

        public IReadOnlyDictionary<string, HubAnswer> Answers
        {
            get
            {
                lock (_lock)
                {
                    return _answers.ToDictionary();
                }
            }
        }

        public void Add(HubAnswer answer)
        {
            lock (_lock)
            {
                _answers[answer.Instance] = answer;
                _missing.Remove(answer.Instance);
                CompleteIfAllThere();
            }
        }

        private void CompleteIfAllThere()
        {
            if (_missing.Count == 0)
            {
                _complete.TrySetResult();
            }
        }
    }
}
