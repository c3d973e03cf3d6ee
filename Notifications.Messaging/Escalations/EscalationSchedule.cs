using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Escalations;

/// <summary>
/// The escalations that publishing scheduled. Any number of hub instances share them. A claim gives an escalation to one instance until its lease ends. If
/// nothing fails, each escalation is handled once. The escalations of an instance that died fall due again. Only Redis measures the time.
/// </summary>
internal sealed class EscalationSchedule(IConnectionMultiplexer redis, LiveChannels channels, RedisNames names)
{
    private static readonly Script Find = Script.Load("find-escalations.lua");
    private static readonly Script Claim = Script.Load("claim-escalations.lua");
    private static readonly Script Read = Script.Load("read-escalation.lua");
    private static readonly Script Settle = Script.Load("settle-escalation.lua");

    private readonly ScriptScope _scope = new(redis, channels, names);

    /// <summary>
    /// Whether one of these partitions may have escalations, due or not. One call asks for all partitions. On a Redis Cluster no call can do this, and the
    /// result is true.
    /// </summary>
    public async Task<bool> MayHaveAnyAsync(IReadOnlyCollection<int> partitions)
    {
        if (!(await _scope.AskAsync()).HasAllPartitions)
        {
            return true;
        }

        return (bool)await Find.RunAsync(redis.GetDatabase(), [.. partitions.Select(names.Escalations)], []);
    }

    /// <summary>Whether a partition has escalations, due or not. Costs Redis almost nothing.</summary>
    public async Task<bool> IsOccupiedAsync(int partition) =>
        await redis.GetDatabase().SortedSetLengthAsync(names.Escalations(partition)) > 0;

    /// <summary>Claims up to <paramref name="limit"/> due escalations of a partition, beginning with the one that has been due longest.</summary>
    public async Task<ClaimedEscalations> ClaimAsync(int partition, TimeSpan lease, int limit)
    {
        var result = (RedisResult[])(await Claim.RunAsync(
            redis.GetDatabase(), [names.Escalations(partition)], [(long)lease.TotalMilliseconds, limit]))!;
        var (now, leaseEnd, due) = ((double)result[0], (string)result[1]!, (RedisResult[])result[2]!);
        var claims = new List<EscalationClaim>();
        var unreadable = new List<string>();
        for (var i = 0; i < due.Length; i += 2)
        {
            var text = (string)due[i]!;
            if (Escalation.TryParse(text, out var escalation))
            {
                claims.Add(new EscalationClaim(escalation, leaseEnd, TimeSpan.FromMilliseconds(now - (double)due[i + 1])));
            }
            else
            {
                unreadable.Add(text);
            }
        }

        return new ClaimedEscalations(claims, unreadable);
    }

    /// <summary>Reads what is needed to send a claimed escalation. This drops an escalation that is not needed any more.</summary>
    public async Task<DueEscalation> ReadAsync(EscalationClaim claim)
    {
        var escalation = claim.Escalation;
        var stream = escalation.Stream;
        var result = (RedisResult[])(await Read.RunAsync(
            redis.GetDatabase(),
            [names.Meta(stream), names.Log(stream), names.Cursors(stream), Key(escalation), names.Phones(stream)],
            [escalation.ToString(), escalation.Offset]))!;
        return (string)result[0]! switch
        {
            "due" => new DueEscalation(
                EscalationState.Due, (string)result[1]!, (RedisValue)result[2], [.. PhoneRegistry.Parse(stream, (RedisValue[])result[3]!)]),
            "acknowledged" => Dropped(EscalationState.Acknowledged),
            "gone" => Dropped(EscalationState.Gone),
            "no phone" => Dropped(EscalationState.NoPhone),
            var other => throw new InvalidOperationException($"read-escalation.lua answered \"{other}\"."),
        };
    }

    /// <summary>Ends a claim: the escalation is done, and the escalations of <paramref name="later"/> are added.</summary>
    /// <returns>False: nothing changed, because the lease had ended and another instance claimed the escalation.</returns>
    public async Task<bool> SettleAsync(EscalationClaim claim, params IEnumerable<(TimeSpan In, Escalation Escalation)> later) =>
        (bool)await Settle.RunAsync(
            redis.GetDatabase(),
            [Key(claim.Escalation)],
            [
                claim.Escalation.ToString(), claim.LeaseEnd,
                .. later.SelectMany(each => new RedisValue[] { (long)each.In.TotalMilliseconds, each.Escalation.ToString() }),
            ]);

    private RedisKey Key(Escalation escalation) => names.Escalations(RedisNames.Partition(escalation.Stream));

    private static DueEscalation Dropped(EscalationState state) => new(state, "", default, []);
}
