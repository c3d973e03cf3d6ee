using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Log;

/// <summary>
/// Does work on many streams in as few calls of a script as this Redis allows (<see cref="ScriptScope"/>). Redis does nothing else during a call, so a call has
/// at most <paramref name="maxInCall"/> items.
/// </summary>
internal sealed class StreamCalls(ScriptScope scope, int maxInCall)
{
    /// <summary>The value that the call returned for the item, or the failure that kept the work from being done.</summary>
    internal readonly record struct Outcome<TItem, TValue>(TItem Item, TValue? Value, Exception? Failure);

    /// <summary>
    /// Does the work on all items. If Redis refuses one item, the work on the others is still done. <paramref name="call"/> returns a value for each item. It
    /// may be called twice for an item, and the second call has to change nothing.
    /// </summary>
    /// <returns>One outcome for each item, in any order.</returns>
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
            // Redis refused one of the items, and the answer does not say which. The items before it are done, and a second call for them changes nothing.
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
