using System.Collections.Concurrent;
using System.Security.Cryptography;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Instances;

namespace Notifications.Hubs.Operators;

/// <summary>
/// Asks all hubs a question, and answers the questions of hubs. The caller can see which hubs did not answer within the limit.
/// </summary>
internal sealed class HubQuestions(Instance instance, HubMessages hubs, ConnectionDeliveries deliveries, DrainSwitch drain, TimeProvider time) : IHubMessageHandler
{
    /// <summary>How long to wait for answers. A healthy hub answers within milliseconds. The limit is below the time-out of Redis commands.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    /// <summary>How many of a user's connections are in an answer, and how many streams of each. A gateway lets a user have a hundred connections.</summary>
    private const int MaxConnections = 100;
    private const int MaxStreams = 20;

    private readonly ConcurrentDictionary<string, PendingAnswers> _asked = new(StringComparer.Ordinal);

    /// <summary>Asks each hub for its connections of the user. Waits for the expected hubs, up to <see cref="AnswerLimit"/>.</summary>
    /// <returns>The answers by instance, also of instances that were not expected.</returns>
    public Task<IReadOnlyDictionary<string, HubAnswer>> AskForConnectionsAsync(string user, IEnumerable<string> expected) =>
        AskAsync(new HubQuestion(NewId(), instance.Id, ConnectionsOf: user), expected);

    /// <summary>Tells an instance to hand its clients to others, or to take new ones again.</summary>
    /// <returns>False: the instance did not answer. It may have heard the order all the same.</returns>
    public async Task<bool> DrainAsync(string id, bool isDrained) =>
        (await AskAsync(new HubQuestion(NewId(), instance.Id, Drain: new DrainOrder(id, isDrained)), [id])).ContainsKey(id);

    public async Task HandleAsync(HubMessage message)
    {
        if (message.Question is { } question && await AnswerToAsync(question) is { } own)
        {
            await hubs.TellAsync(question.From, new HubMessage(Answer: own));
        }

        // Nobody waits for answers that come after the limit.
        if (message.Answer is { } answer && _asked.TryGetValue(answer.Question, out var pending))
        {
            pending.Add(answer);
        }
    }

    private static string NewId() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    private async Task<IReadOnlyDictionary<string, HubAnswer>> AskAsync(HubQuestion question, IEnumerable<string> expected)
    {
        var pending = _asked[question.Id] = new PendingAnswers(expected);
        try
        {
            await hubs.TellAllAsync(new HubMessage(Question: question));
            await Task.WhenAny(pending.Complete, Task.Delay(AnswerLimit, time));
            return pending.Answers;
        }
        finally
        {
            _asked.TryRemove(question.Id, out _);
        }
    }

    /// <returns>Null: the question is for another instance.</returns>
    private async Task<HubAnswer?> AnswerToAsync(HubQuestion question)
    {
        if (question.ConnectionsOf is { } user)
        {
            var connections = deliveries.Of(user).ToArray();
            return new HubAnswer(
                question.Id, instance.Id, connections.Length, [.. connections.Take(MaxConnections).Select(connection => UserConnection.Of(connection, MaxStreams))]);
        }

        if (question.Drain is not { } order || order.Instance != instance.Id)
        {
            return null;
        }

        await drain.SetAsync(order.IsDrained);
        return new HubAnswer(question.Id, instance.Id, ConnectionCount: 0, Connections: []);
    }

    /// <summary>The answers to one question. It is complete when all expected answers are there.</summary>
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
