using Notifications.Messaging;
using Notifications.Messaging.Escalations;
using Notifications.Messaging.Redis;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Escalations;

public sealed class PhoneRegistryTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private readonly string _ann = RedisServers.Unique("ann");
    private readonly string _bob = RedisServers.Unique("bob");
    private readonly string _token = RedisServers.Unique("token");

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_phone_is_kept_with_the_time_of_its_registration_until_it_is_removed(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var before = DateTimeOffset.UtcNow;
        await messaging.Phones.RegisterAsync(_ann, "phone", PushPlatform.Apns, _token);

        var phone = Assert.Single(await PhonesAsync(messaging, _ann));
        Assert.Equal((_ann, "phone", PushPlatform.Apns, _token), (phone.User, phone.Device, phone.Platform, phone.Token));
        Assert.InRange(phone.RegisteredAt, before.AddMilliseconds(-1), DateTimeOffset.UtcNow);
        Assert.True(await messaging.Phones.IsOwnAsync(phone));
        Assert.NotNull(await messaging.Database.KeyTimeToLiveAsync(Names.Default.Phones(StreamName.User(_ann))));
        Assert.NotNull(await messaging.Database.KeyTimeToLiveAsync(Names.Default.PhoneToken("apns", _token)));

        Assert.True(await messaging.Phones.RemoveAsync(_ann, "phone"));
        Assert.False(await messaging.Phones.RemoveAsync(_ann, "phone"));
        Assert.Empty(await PhonesAsync(messaging, _ann));
        Assert.False(await messaging.Database.KeyExistsAsync(Names.Default.PhoneToken("apns", _token)));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Registering_a_token_under_another_user_moves_it(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.Phones.RegisterAsync(_ann, "phone", PushPlatform.Fcm, _token);
        await messaging.Phones.RegisterAsync(_ann, "tablet", PushPlatform.Fcm, _token + "-of-the-tablet");
        await messaging.Phones.RegisterAsync(_bob, "mine", PushPlatform.Fcm, _token);

        Assert.Equal("tablet", Assert.Single(await PhonesAsync(messaging, _ann)).Device);
        var phone = Assert.Single(await PhonesAsync(messaging, _bob));
        Assert.Equal(("mine", _token), (phone.Device, phone.Token));
        Assert.True(await messaging.Phones.IsOwnAsync(phone));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_move_that_was_interrupted_leaves_the_token_to_nobody_or_to_the_new_user(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.Phones.RegisterAsync(_ann, "phone", PushPlatform.Fcm, _token);
        var anns = Assert.Single(await PhonesAsync(messaging, _ann));

        // What a call by Bob leaves behind that dies after its first step.
        await messaging.Database.StringSetAsync(Names.Default.PhoneToken("fcm", _token), $"{_bob} mine 0123456789abcdef");
        Assert.Equal(anns, Assert.Single(await PhonesAsync(messaging, _ann)));
        Assert.False(await messaging.Phones.IsOwnAsync(anns));

        await messaging.Phones.RegisterAsync(_bob, "mine", PushPlatform.Fcm, _token);
        Assert.True(await messaging.Phones.IsOwnAsync(Assert.Single(await PhonesAsync(messaging, _bob))));
        Assert.False(await messaging.Phones.IsOwnAsync(anns));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Of_many_users_who_register_a_token_at_once_it_is_one_ones(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        var users = Enumerable.Range(0, 20).Select(number => $"{_ann}-{number}").ToArray();
        await Task.WhenAll(users.Select(user => Task.Run(() => messaging.Phones.RegisterAsync(user, "phone", PushPlatform.Fcm, _token))));

        var owners = 0;
        foreach (var user in users)
        {
            foreach (var phone in await PhonesAsync(messaging, user))
            {
                owners += await messaging.Phones.IsOwnAsync(phone) ? 1 : 0;
            }
        }

        Assert.Equal(1, owners);
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_device_that_registers_its_token_several_times_at_once_has_it(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => messaging.Phones.RegisterAsync(_ann, "phone", PushPlatform.Fcm, _token))));
        Assert.True(await messaging.Phones.IsOwnAsync(Assert.Single(await PhonesAsync(messaging, _ann))));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_devices_new_token_takes_the_place_of_its_old_one_which_is_nobodys_then(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.Phones.RegisterAsync(_ann, "phone", PushPlatform.Fcm, _token);
        await messaging.Phones.RegisterAsync(_ann, "phone", PushPlatform.Fcm, _token + "-2");
        Assert.Equal(_token + "-2", Assert.Single(await PhonesAsync(messaging, _ann)).Token);
        Assert.False(await messaging.Database.KeyExistsAsync(Names.Default.PhoneToken("fcm", _token)));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task A_phone_that_registered_again_is_not_forgotten_for_what_was_said_of_it_before(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind);
        await messaging.Phones.RegisterAsync(_ann, "phone", PushPlatform.Fcm, _token);
        var before = Assert.Single(await PhonesAsync(messaging, _ann));
        await messaging.Phones.RegisterAsync(_ann, "phone", PushPlatform.Fcm, _token);
        Assert.False(await messaging.Phones.ForgetAsync(before));

        var now = Assert.Single(await PhonesAsync(messaging, _ann));
        Assert.True(await messaging.Phones.IsOwnAsync(now));
        Assert.True(await messaging.Phones.ForgetAsync(now));
        Assert.Empty(await PhonesAsync(messaging, _ann));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task One_phone_too_many_takes_the_place_of_the_one_registered_longest_ago(RedisKind kind)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, kind, options => options.MaxPhones = 2);
        await messaging.Phones.RegisterAsync(_ann, "first", PushPlatform.Fcm, _token + "-1");
        var second = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await Eventually.True(() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() > second, "the clock to move on");
        await messaging.Phones.RegisterAsync(_ann, "second", PushPlatform.Apns, _token + "-2");
        await messaging.Phones.RegisterAsync(_ann, "third", PushPlatform.Fcm, _token + "-3");

        Assert.Equal(["second", "third"], (await PhonesAsync(messaging, _ann)).Select(phone => phone.Device).Order());
        Assert.False(await messaging.Database.KeyExistsAsync(Names.Default.PhoneToken("fcm", _token + "-1")));
    }

    /// <summary>As an escalation finds them.</summary>
    private static async Task<IReadOnlyList<Phone>> PhonesAsync(TestMessaging messaging, string user)
    {
        var stream = StreamName.User(user);
        var published = await messaging.Publisher.PublishAsync(stream, Notification.Create("T", 1) with { Push = new Push() });
        var claimed = await messaging.Schedule.ClaimAsync(RedisNames.Partition(stream), TimeSpan.FromMinutes(1), 1_000);
        return (await messaging.Schedule.ReadAsync(claimed.Claims.Single(claim => claim.Escalation.Id == published.Id))).Phones;
    }
}
