using System.Text;
using Notifications.Messaging;
using Notifications.Messaging.Escalations;
using Notifications.Messaging.Log;
using Notifications.Messaging.Redis;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;
using Claim = Notifications.Messaging.Escalations.EscalationClaim;

namespace Notifications.Tests.Escalations;

public sealed class ScheduleTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortLease = TimeSpan.FromMilliseconds(300);
    private static Notification Urgent => Notification.Create("T", 1) with { Push = new Push { Title = "Title" } };

    private readonly string _user = RedisServers.Unique("user");

    private StreamName Own => StreamName.User(_user);

    private int Partition => RedisNames.Partition(Own);

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task With_no_hub_listening_it_is_due_at_once_and_has_what_sending_takes(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.Phones.RegisterAsync(_user, "phone", PushPlatform.Fcm, "token");
        var published = await messaging.Publisher.PublishAsync(Own, Urgent with { Id = "an-id" });

        var claim = Assert.Single(await ClaimAsync(messaging));
        Assert.Equal(new Escalation(Own, published.Offset, "an-id"), claim.Escalation);
        Assert.InRange(claim.Late, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        var due = await messaging.Schedule.ReadAsync(claim);
        Assert.Equal((EscalationState.Due, published.Epoch), (due.State, due.Epoch));
        Assert.Equal(("phone", PushPlatform.Fcm, "token"), due.Phones.Select(phone => (phone.Device, phone.Platform, phone.Token)).Single());
        Assert.Contains("\"Title\"", Encoding.UTF8.GetString(LogEntry.Parse(due.Entry).Push.Span), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task With_a_hub_listening_it_is_due_after_its_grace(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind, options => options.PushGrace = TimeSpan.FromSeconds(30));
        await messaging.Redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal(Names.Default.Live(Own)));

        await messaging.Publisher.PublishAsync(Own, Urgent with { Push = new Push { Grace = TimeSpan.FromSeconds(1) } });
        await messaging.Publisher.PublishAsync(Own, Urgent);
        Assert.Empty(await ClaimAsync(messaging));
        var scores = await ScoresAsync(messaging);
        Assert.Equal(2, scores.Length);
        Assert.InRange(scores[1] - scores[0], 29_000, 30_000);

        Claim[] claims = [];
        await Eventually.True(async () => (claims = await ClaimAsync(messaging)).Length > 0, "the first one to fall due");
        Assert.Equal(1, Assert.Single(claims).Escalation.Offset);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Neither_a_notification_without_a_push_part_nor_a_repeated_one_is_scheduled(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.Publisher.PublishAsync(Own, Urgent with { Push = null });
        Assert.Empty(await ScoresAsync(messaging));
        var once = Urgent with { Id = "once" };
        await messaging.Publisher.PublishAsync(Own, once);
        Assert.True((await messaging.Publisher.PublishAsync(Own, once)).Duplicate);
        Assert.Single(await ScoresAsync(messaging));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task An_acknowledgement_of_any_device_up_to_it_or_past_it_drops_it(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.Phones.RegisterAsync(_user, "phone", PushPlatform.Fcm, "token");
        var published = await messaging.Publisher.PublishAsync(Own, Urgent with { Id = "first" });
        await messaging.Publisher.PublishAsync(Own, Urgent with { Id = "second" });
        await messaging.Publisher.PublishAsync(Own, Urgent with { Id = "third" });
        await messaging.Log.AcknowledgeAsync(Own, new DeviceName(_user, "laptop"), new Position(published.Epoch, 2));

        var states = new List<EscalationState>();
        foreach (var claim in await ClaimAsync(messaging))
        {
            states.Add((await messaging.Schedule.ReadAsync(claim)).State);
        }

        Assert.Equal([EscalationState.Acknowledged, EscalationState.Acknowledged, EscalationState.Due], states);
        Assert.Single(await ScoresAsync(messaging));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task One_that_left_the_log_or_has_no_phone_is_dropped(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind, options => options.LogLength = 10);
        await messaging.Publisher.PublishAsync(Own, Urgent);
        Assert.Equal(EscalationState.NoPhone, (await messaging.Schedule.ReadAsync((await ClaimAsync(messaging)).Single())).State);

        await messaging.Phones.RegisterAsync(_user, "phone", PushPlatform.Fcm, "token");
        await messaging.Publisher.PublishAsync(Own, Urgent with { Id = "trimmed" });
        await messaging.PublishAsync(Own, 12);
        Assert.Equal(EscalationState.Gone, (await messaging.Schedule.ReadAsync((await ClaimAsync(messaging)).Single())).State);
        Assert.Empty(await ScoresAsync(messaging));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Each_is_claimed_by_one_of_many(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.Publisher.PublishAsync([.. Enumerable.Range(1, 200).Select(number => (Own, Urgent with { Id = $"n{number}" }))]);

        var claims = (await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Task.Run(() => messaging.Schedule.ClaimAsync(Partition, Lease, 7)))))
            .SelectMany(claimed => claimed.Claims).Select(claim => claim.Escalation).Where(escalation => escalation.Stream == Own).ToArray();

        Assert.Equal(200, claims.Length);
        Assert.Equal(200, claims.Distinct().Count());
        Assert.Empty(await ClaimAsync(messaging));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task What_is_not_settled_within_its_lease_comes_back_and_the_late_settle_changes_nothing(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.Publisher.PublishAsync(Own, Urgent);
        var dead = Assert.Single(await ClaimAsync(messaging, ShortLease));
        Claim[] claims = [];
        await Eventually.True(async () => (claims = await ClaimAsync(messaging)).Length > 0, "the lease to end");
        var living = Assert.Single(claims);

        Assert.Equal(dead.Escalation, living.Escalation);
        Assert.False(await messaging.Schedule.SettleAsync(dead));
        Assert.Single(await ScoresAsync(messaging));
        Assert.True(await messaging.Schedule.SettleAsync(living));
        Assert.Empty(await ScoresAsync(messaging));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task What_is_to_be_tried_again_falls_due_for_its_phone_when_it_was_said_to(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.Publisher.PublishAsync(Own, Urgent);
        var claim = Assert.Single(await ClaimAsync(messaging));
        var again = claim.Escalation with { Attempt = 1, Device = "phone" };
        var later = claim.Escalation with { Attempt = 3, Device = "tablet" };
        Assert.True(await messaging.Schedule.SettleAsync(claim, (TimeSpan.Zero, again), (TimeSpan.FromHours(1), later)));

        Assert.Equal(again, Assert.Single(await ClaimAsync(messaging)).Escalation);
        Assert.InRange((await ScoresAsync(messaging))[1], DateTimeOffset.UtcNow.AddMinutes(55).ToUnixTimeMilliseconds(), double.MaxValue);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task One_that_another_version_wrote_is_told_of_and_stays(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var key = Names.Default.Escalations(Partition);
        var foreign = RedisServers.Unique("of-another-form");
        await messaging.Database.SortedSetAddAsync(key, foreign, 1);
        Assert.Contains(foreign, (await messaging.Schedule.ClaimAsync(Partition, ShortLease, 100)).Unreadable);
        Assert.NotNull(await messaging.Database.SortedSetScoreAsync(key, foreign));
        Assert.True(await messaging.Schedule.IsOccupiedAsync(Partition));
        await messaging.Database.SortedSetRemoveAsync(key, foreign);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task One_call_tells_whether_any_of_many_partitions_has_some(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var free = new List<int>();
        foreach (var partition in RedisNames.AllPartitions)
        {
            if (!await messaging.Schedule.IsOccupiedAsync(partition))
            {
                free.Add(partition);
            }
        }

        Assert.False(await messaging.Schedule.MayHaveAnyAsync([]));
        Assert.False(await messaging.Schedule.MayHaveAnyAsync(free));

        await messaging.Publisher.PublishAsync(Own, Urgent);
        Assert.True(await messaging.Schedule.MayHaveAnyAsync([.. free, Partition]));

        var key = Names.Default.Escalations(free.First(partition => partition != Partition));
        await messaging.Database.StringSetAsync(key, "of another kind");
        Assert.True(await messaging.Schedule.MayHaveAnyAsync([.. free.Where(partition => partition != Partition)]));
        await messaging.Database.KeyDeleteAsync(key);
    }

    private async Task<Claim[]> ClaimAsync(TestMessaging messaging, TimeSpan? lease = null) =>
        [.. (await messaging.Schedule.ClaimAsync(Partition, lease ?? Lease, 1_000)).Claims.Where(claim => claim.Escalation.Stream == Own)];

    /// <summary>When this test's own escalations fall due, the first one first.</summary>
    private async Task<double[]> ScoresAsync(TestMessaging messaging) =>
        [.. (await messaging.Database.SortedSetRangeByRankWithScoresAsync(Names.Default.Escalations(Partition)))
            .Where(entry => ((string)entry.Element!).Contains(Own.Value, StringComparison.Ordinal)).Select(entry => entry.Score)];
}
