using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>Work on many streams in as few calls of a script as this Redis allows (<see cref="ScriptScope"/>).</summary>
/// <param name="scope">What a call may touch.</param>
/// <param name="maxInCall">A call holds Redis up for as long as it takes.</param>
internal sealed class StreamCalls(ScriptScope scope, int maxInCall)
{
    /// <param name="Item">What was to be done.</param>
    /// <param name="Value">What came of it.</param>
    /// <param name="Failure">Null: it is done.</param>
    internal readonly record struct Outcome<TItem, TValue>(TItem Item, TValue? Value, Exception? Failure);

    /// <summary>One that Redis refuses keeps none of the others from being done.</summary>
    /// <param name="items">In any order.</param>
    /// <param name="stream">Whose stream an item is for.</param>
    /// <param name="call">The work on some, with a value for each. Once more has to change nothing.</param>
    /// <returns>In any order.</returns>
    public async Task<IReadOnlyList<Outcome<TItem, TValue>>> RunAsync<TItem, TValue>(
        IReadOnlyList<TItem> items, Func<TItem, StreamName> stream, Func<IReadOnlyList<TItem>, Task<TValue[]>> call)
    {
        try
        {
            var hasAllPartitions = (await scope.AskAsync()).HasAllPartitions;
            var calls = items
                .GroupBy(item => hasAllPartitions ? 0 : RedisNames.Partition(stream(item)))
                .SelectMany(group => group.Chunk(maxInCall))
                .Select(chunk => RunAsync(chunk, call));
            return [.. (await Task.WhenAll(calls)).SelectMany(outcomes => outcomes)];
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            return Failed<TItem, TValue>(items, exception);
        }
    }

    private static async Task<IReadOnlyList<Outcome<TItem, TValue>>> RunAsync<TItem, TValue>(
        TItem[] items, Func<IReadOnlyList<TItem>, Task<TValue[]>> call)
    {
        try
        {
            var values = await call(items);
            return [.. items.Zip(values, (item, value) => new Outcome<TItem, TValue>(item, value, null))];
        }
        catch (RedisServerException exception) when (items.Length > 1 && !exception.IsOfEveryWrite())
        {
            // One of them is refused, and which one the answer does not say. Those before it are done, and once more changes nothing.
            var alone = await Task.WhenAll(items.Select(item => RunAsync([item], call)));
            return [.. alone.SelectMany(outcomes => outcomes)];
        }
        catch (Exception exception) when (exception.IsFromRedis())
        {
            return Failed<TItem, TValue>(items, exception);
        }
    }

    private static Outcome<TItem, TValue>[] Failed<TItem, TValue>(IEnumerable<TItem> items, Exception failure) =>
        [.. items.Select(item => new Outcome<TItem, TValue>(item, default, failure))];
}
