using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Threading.Channels;
using Notifications.Hubs.Delivery;
using Notifications.Hubs.Instances;

namespace Notifications.Hubs.Operators;

/// <summary>
/// Asks all hubs a question, and answers the questions of hubs. The caller can see which hubs did not answer within the limit.
/// </summary>
internal sealed class HubQuestions(Instance instance, HubMessages hubs, ConnectionDeliveries deliveries, Drain drain, TimeProvider time) : IHubMessageHandler
{
    /// <summary>How long to wait for answers. A healthy hub answers within milliseconds. The limit is below the time-out of Redis commands.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    /// <summary>How many of a user's connections are in an answer, and how many streams of each. A gateway lets a user have a hundred connections.</summary>
    private const int MaxConnections = 100;
    private const int MaxStreams = 20;

    private readonly ConcurrentDictionary<string, ChannelWriter<HubAnswer>> _asked = new(StringComparer.Ordinal);

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
        if (message.Answer is { } answer && _asked.TryGetValue(answer.Question, out var answers))
        {
            answers.TryWrite(answer);
        }
    }

    private static string NewId() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    private async Task<IReadOnlyDictionary<string, HubAnswer>> AskAsync(HubQuestion question, IEnumerable<string> expected)
    {
        var heard = Channel.CreateUnbounded<HubAnswer>();
        _asked[question.Id] = heard.Writer;
        try
        {
            await hubs.TellAllAsync(new HubMessage(Question: question));
            return await CollectAsync(heard.Reader, expected);
        }
        finally
        {
            _asked.TryRemove(question.Id, out _);
        }
    }

    private async Task<IReadOnlyDictionary<string, HubAnswer>> CollectAsync(ChannelReader<HubAnswer> heard, IEnumerable<string> expected)
    {
        var missing = expected.ToHashSet(StringComparer.Ordinal);
        var answers = new Dictionary<string, HubAnswer>(StringComparer.Ordinal);
        using var limit = new CancellationTokenSource(AnswerLimit, time);
        try
        {
            while (missing.Count > 0)
            {
                var answer = await heard.ReadAsync(limit.Token);
                answers[answer.Instance] = answer;
                missing.Remove(answer.Instance);
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // The missing instances did not answer in time.
        }

        return answers;
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
}
