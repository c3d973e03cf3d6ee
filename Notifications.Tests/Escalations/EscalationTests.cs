using System.Diagnostics;
using System.Net;
using Notifications.Testing;
using Notifications.Messaging;
using Notifications.Messaging.Escalations;
using Notifications.Messaging.Redis;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Escalations;

/// <summary>From the publish to the phone, through a hub and the fake providers.</summary>
public sealed class EscalationTests(RedisServers servers, PushFixture fakes) : IClassFixture<RedisServers>, IClassFixture<PushFixture>
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.5);
    private static readonly (string, string)[] Quick =
    [
        ("Escalation:RetryDelay", "00:00:00.100"), ("Escalation:MaxRetryDelay", "00:00:00.500"),
        ("Escalation:SendTimeout", "00:00:02"), ("Escalation:Lease", "00:00:05"),
    ];

    private readonly string _user = RedisServers.Unique("user");
    private readonly string _token = PushFixture.NewToken();

    private static Notification Urgent => Notification.Create("T", 1) with { Push = new Push { Title = "Title", Grace = Grace } };

    private StreamName Own => StreamName.User(_user);

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task The_phones_of_a_user_who_is_away_have_it_within_a_second_of_the_publish(RedisKind kind)
    {
        var redis = await servers.GetAsync(kind);
        await using var hub = await fakes.HubAsync(redis.ConnectionString);
        await using var messaging = TestMessaging.On(redis.Connection);
        await messaging.Phones.RegisterAsync(_user, "android", PushPlatform.Fcm, _token);
        await messaging.Phones.RegisterAsync(_user, "iphone", PushPlatform.Apns, _token);
        // The first message pays for connections, the access token and the scripts.
        await messaging.Publisher.PublishAsync(Own, Urgent);
        await Eventually.True(() => OfFcm().Length == 1 && OfApns().Length == 1, "the first message");

        var quickest = TimeSpan.MaxValue;
        // A busy machine may hold one of them up.
        for (var sent = 1; sent <= 3; sent++)
        {
            var watch = Stopwatch.StartNew();
            var published = await messaging.Publisher.PublishAsync(Own, Urgent);
            await Eventually.True(() => OfFcm().Length == sent + 1 && OfApns().Length == sent + 1, "the next message");
            quickest = watch.Elapsed < quickest ? watch.Elapsed : quickest;
            Assert.Equal((published.Id, $"{published.Offset}", published.Epoch), (OfFcm()[sent].Id, OfFcm()[sent].Data("offset"), OfFcm()[sent].Data("epoch")));
            Assert.Equal(published.Id, OfApns()[sent].Id);
        }

        Assert.InRange(quickest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Theory]
    [MemberData(nameof(RedisServers.Installed), MemberType = typeof(RedisServers))]
    public async Task Of_what_any_device_acknowledges_in_time_nothing_is_sent(RedisKind kind)
    {
        var redis = await servers.GetAsync(kind);
        await using var hub = await fakes.HubAsync(redis.ConnectionString);
        await using var messaging = TestMessaging.On(redis.Connection);
        await messaging.Phones.RegisterAsync(_user, "android", PushPlatform.Fcm, _token);
        await using var laptop = await hub.ConnectAsync(_user, "laptop");
        await using var silent = await hub.ConnectAsync(_user, "tablet");

        var results = new List<PublishResult>();
        for (var i = 0; i < 3; i++)
        {
            results.Add(await messaging.Publisher.PublishAsync(Own, Urgent));
        }

        await Eventually.True(() => laptop.Received.Count == 3, "the notifications to arrive");
        // Cumulative: the second one covers the first.
        await laptop.InvokeAsync("Acknowledge", Own.Value, results[1].Epoch, results[1].Offset);

        // The fence: the third one fell due after the first two.
        await Eventually.True(() => OfFcm().Length > 0, "what was not acknowledged to be sent");
        await Eventually.True(() => IsSettledAsync(messaging), "all to be settled");
        Assert.Equal([results[2].Id], OfFcm().Select(sent => sent.Id));
    }

    [Fact]
    public async Task To_a_half_open_connection_it_is_sent_after_the_grace_and_not_before()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var hub = await fakes.HubAsync(redis.ConnectionString);
        await using var messaging = TestMessaging.On(redis.Connection);
        await messaging.Phones.RegisterAsync(_user, "android", PushPlatform.Fcm, _token);
        await using var network = TcpProxy.Start(new IPEndPoint(IPAddress.Loopback, hub.Address.Port));
        await using var client = await HubClient.ConnectAsync(
            new Uri($"http://127.0.0.1:{network.Port}"),
            options => options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(_user)),
            "laptop");
        network.Swallow();

        var at = DateTimeOffset.UtcNow;
        await messaging.Publisher.PublishAsync(Own, Urgent);
        await Eventually.True(() => OfFcm().Length == 1, "the message");
        Assert.InRange(OfFcm()[0].At - at, Grace - TimeSpan.FromMilliseconds(50), Grace + TimeSpan.FromSeconds(5));
        Assert.Empty(client.Received);
    }

    [Fact]
    public async Task A_dead_token_is_forgotten_and_the_users_other_phone_is_not()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var hub = await fakes.HubAsync(redis.ConnectionString);
        await using var messaging = TestMessaging.On(redis.Connection);
        await messaging.Phones.RegisterAsync(_user, "dead", PushPlatform.Fcm, _token);
        await messaging.Phones.RegisterAsync(_user, "living", PushPlatform.Apns, _token);
        using var answers = fakes.FcmAnswers(_token, () => FakeAnswer.Fcm(404, "UNREGISTERED"));

        await messaging.Publisher.PublishAsync(Own, Urgent);
        await Eventually.True(
            async () => (await messaging.Database.HashKeysAsync(Names.Default.Phones(Own))).Select(device => (string)device!).SequenceEqual(["living"]),
            "the dead one to be forgotten");
        Assert.False(await messaging.Database.KeyExistsAsync(Names.Default.PhoneToken("fcm", _token)));
        await messaging.Publisher.PublishAsync(Own, Urgent);
        await Eventually.True(() => OfApns().Length == 2, "the second message on the living one");
        Assert.Single(AllOfFcm());
    }

    [Fact]
    public async Task What_one_phones_provider_can_not_take_now_is_tried_again_for_that_phone_alone()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var hub = await fakes.HubAsync(redis.ConnectionString, Quick);
        await using var messaging = TestMessaging.On(redis.Connection);
        await messaging.Phones.RegisterAsync(_user, "android", PushPlatform.Fcm, _token);
        await messaging.Phones.RegisterAsync(_user, "iphone", PushPlatform.Apns, _token);
        var failures = new Queue<FakeAnswer?>([new FakeAnswer(500), new FakeAnswer(503), new FakeAnswer(429)]);
        using var answers = fakes.FcmAnswers(_token, () => failures.TryDequeue(out var failure) ? failure : null);

        await messaging.Publisher.PublishAsync(Own, Urgent);
        await Eventually.True(() => OfFcm().Length == 1, "the fourth try to succeed");
        await Eventually.True(() => IsSettledAsync(messaging), "it to be settled");
        Assert.Equal([500, 503, 429, 200], AllOfFcm().Select(request => request.Status));
        Assert.Single(OfApns());
    }

    [Fact]
    public async Task A_provider_that_is_down_for_a_while_costs_nothing_but_delay()
    {
        const int count = 200;
        var down = TimeSpan.FromSeconds(3);
        var redis = await servers.GetAsync(RedisKind.Garnet);
        var fcm = await FakeFcm.StartAsync();
        var (port, account) = (fcm.Port, fcm.ServiceAccount);
        await fcm.DisposeAsync();
        await using var hub = await fakes.HubAsync(redis.ConnectionString, [.. Quick, ("Escalation:Fcm:ServiceAccount", account), ("Escalation:Fcm:Endpoint", $"http://127.0.0.1:{port}")]);
        await using var messaging = TestMessaging.On(redis.Connection);

        var watch = Stopwatch.StartNew();
        var published = new List<PublishResult>();
        for (var i = 0; i < count; i++)
        {
            var user = $"{_user}-{i}";
            await messaging.Phones.RegisterAsync(user, "android", PushPlatform.Fcm, $"{_token}{i}");
            published.Add(await messaging.Publisher.PublishAsync(StreamName.User(user), Urgent));
        }

        await Eventually.True(() => watch.Elapsed > down, "some time without the provider");
        await using var back = await FakeFcm.StartAgainAsync(port, account);
        await Eventually.True(() => back.Delivered.Count >= count, "all to be delivered");
        Assert.Equal(published.Select(result => result.Id).Order(), back.Delivered.Select(request => request.Id).Order());
    }

    [Fact]
    public async Task What_outlived_its_time_to_live_is_sent_no_more()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var hub = await fakes.HubAsync(redis.ConnectionString, Quick);
        await using var messaging = TestMessaging.On(redis.Connection);
        await messaging.Phones.RegisterAsync(_user, "android", PushPlatform.Fcm, _token);
        var fails = true;
        using var answers = fakes.FcmAnswers(_token, () => fails ? new FakeAnswer(500) : null);

        await messaging.Publisher.PublishAsync(Own, Urgent with { Push = new Push { Title = "Soon stale", Grace = TimeSpan.Zero, TimeToLive = TimeSpan.FromSeconds(3) } });
        await Eventually.True(() => IsSettledAsync(messaging), "it to be given up");
        Assert.InRange(AllOfFcm().Length, 1, 100);
        fails = false;
        await messaging.Publisher.PublishAsync(Own, Urgent with { Id = "fresh" });
        await Eventually.True(() => OfFcm().Length > 0, "the next one");
        Assert.Equal("fresh", Assert.Single(OfFcm()).Id);
    }

    [Fact]
    public async Task A_phone_whose_token_another_user_has_taken_gets_nothing_of_the_first_ones()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var hub = await fakes.HubAsync(redis.ConnectionString);
        await using var messaging = TestMessaging.On(redis.Connection);
        await messaging.Phones.RegisterAsync(_user, "android", PushPlatform.Fcm, _token);
        await messaging.Phones.RegisterAsync(_user, "iphone", PushPlatform.Apns, _token);
        // What a registration by Bob leaves that died after its first step.
        await messaging.Database.StringSetAsync(Names.Default.PhoneToken("fcm", _token), "bob android 0123456789abcdef");

        await messaging.Publisher.PublishAsync(Own, Urgent);
        await Eventually.True(() => OfApns().Length == 1, "the message on the phone that is still theirs");
        await Eventually.True(async () => !await messaging.Database.HashExistsAsync(Names.Default.Phones(Own), "android"), "the other to be forgotten");
        Assert.Empty(AllOfFcm());
        Assert.StartsWith("bob ", await messaging.Database.StringGetAsync(Names.Default.PhoneToken("fcm", _token)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_stopping_hub_has_not_sent_another_sends_before_any_lease_ends()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var messaging = TestMessaging.On(redis.Connection);
        await using var fcm = await FakeFcm.StartAsync();
        (string, string)[] settings =
        [
            ("Escalation:Fcm:ServiceAccount", fcm.ServiceAccount), ("Escalation:Fcm:Endpoint", $"{fcm.Endpoint}"),
            ("Escalation:Concurrency", "1"), ("Escalation:InHand", "10"), ("Escalation:Lease", "01:00:00"),
        ];
        fcm.Latency = TimeSpan.FromMilliseconds(200);
        await messaging.Phones.RegisterAsync(_user, "android", PushPlatform.Fcm, _token);
        await using (var first = await fakes.HubAsync(redis.ConnectionString, settings))
        {
            await messaging.Publisher.PublishAsync([.. Enumerable.Range(0, 10).Select(_ => (Own, Urgent))]);
            await Eventually.True(() => fcm.Requests.Count > 1, "the first hub to send");
            await first.StopAsync();
        }

        Assert.InRange(fcm.Delivered.Count, 1, 9);
        fcm.Latency = TimeSpan.Zero;
        await using var next = await fakes.HubAsync(redis.ConnectionString, settings);
        await Eventually.True(() => fcm.Delivered.Count >= 10, "the next hub to send the rest");
        Assert.Equal(10, fcm.Delivered.Select(request => request.Id).Distinct().Count());
        Assert.Equal(10, fcm.Requests.Count);
    }

    /// <summary>Nothing of this test's user is scheduled any more.</summary>
    private async Task<bool> IsSettledAsync(TestMessaging messaging) =>
        !(await messaging.Database.SortedSetRangeByRankAsync(Names.Default.Escalations(RedisNames.Partition(Own))))
            .Any(escalation => ((string)escalation!).Contains(Own.Value, StringComparison.Ordinal));

    private FcmRequest[] AllOfFcm() => [.. fakes.Fcm.Requests.Where(request => request.Token == _token)];

    private FcmRequest[] OfFcm() => [.. AllOfFcm().Where(request => request.Status == 200)];

    private ApnsRequest[] OfApns() => [.. fakes.Apns.Delivered.Where(request => request.Token == _token)];
}
