using Notifications.Messaging;
using Notifications.Messaging.Escalations;
using Notifications.Messaging.Redis;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Escalations;

/// <summary>Phones and escalations on a Redis Cluster: a user, their token and another user's lie on different nodes.</summary>
public sealed class ClusterTests(RedisCluster cluster, PushFixture fakes) : IClassFixture<RedisCluster>, IClassFixture<PushFixture>
{
    /// <summary>A node counts as dead after 2 s, a replica follows on it a second or two later, and the clients have to find it.</summary>
    private static readonly TimeSpan FailoverLimit = TimeSpan.FromSeconds(30);

    private readonly string _user = RedisServers.Unique("user");

    private static Notification Urgent => Notification.Create("T", 1) with { Push = new Push { Title = "Title", Grace = TimeSpan.FromSeconds(1.5) } };

    [FactWithRedisServer]
    public async Task Users_of_all_nodes_get_what_they_missed_on_their_phones_and_nothing_that_they_acknowledged()
    {
        await using var messaging = TestMessaging.On(cluster.Connection);
        await using var hub = await fakes.HubAsync(cluster.ConnectionString);
        await using var laptop = await hub.ConnectAsync(_user, "laptop");
        await messaging.Phones.RegisterAsync(_user, "phone", PushPlatform.Fcm, _user);
        var acknowledged = await messaging.Publisher.PublishAsync(StreamName.User(_user), Urgent);
        await laptop.InvokeAsync("Acknowledge", $"user:{_user}", acknowledged.Epoch, 1);

        string[] users = [.. Enumerable.Range(0, 12).Select(number => $"{_user}-{number}")];
        // Each has the phone of the one before them, which is theirs from now on.
        foreach (var user in users)
        {
            await messaging.Phones.RegisterAsync(user, "phone", PushPlatform.Fcm, $"old-{user}");
            await messaging.Phones.RegisterAsync(user, "phone", PushPlatform.Fcm, $"token-{user}");
            await messaging.Phones.RegisterAsync(user, "second-hand", PushPlatform.Fcm, $"handed-on-{_user}");
            await messaging.Publisher.PublishAsync(StreamName.User(user), Urgent with { Id = $"before-{user}" });
            await Eventually.True(() => Tokens($"before-{user}").Length == 2, "both of their phones to have it");
        }

        foreach (var user in users)
        {
            await messaging.Publisher.PublishAsync(StreamName.User(user), Urgent with { Id = $"after-{user}" });
        }

        await Eventually.True(() => users.All(user => Tokens($"after-{user}").Length > 0), "everybody's phone to have it");
        Assert.All(users[..^1], user => Assert.Equal([$"token-{user}"], Tokens($"after-{user}")));
        await Eventually.True(() => Tokens($"after-{users[^1]}").Length == 2, "the last one to have it on the phone that was handed on");
        // The fence: what followed was published after the acknowledgement, and its grace is over.
        await messaging.Publisher.PublishAsync(StreamName.User(_user), Urgent with { Id = $"not-acknowledged-{_user}" });
        await Eventually.True(() => Tokens($"not-acknowledged-{_user}").Length == 1, "what was not acknowledged");
        Assert.Empty(Tokens(acknowledged.Id));
    }

    [FactWithRedisServer]
    public async Task With_a_key_prefix_users_of_all_nodes_get_theirs_live_and_on_their_phones_and_another_environment_has_none()
    {
        const string prefix = "staging:";
        await using var messaging = TestMessaging.On(cluster.Connection, options => options.KeyPrefix = prefix);
        await using var plain = TestMessaging.On(cluster.Connection);
        await using var hub = await fakes.HubAsync(cluster.ConnectionString, ("Notifications:KeyPrefix", prefix));
        await using var laptop = await hub.ConnectAsync(_user, "laptop");
        var acknowledged = await messaging.Publisher.PublishAsync(StreamName.User(_user), Urgent);
        await Eventually.True(() => laptop.Received.Count == 1, "the live notification");
        await laptop.InvokeAsync("Acknowledge", $"user:{_user}", acknowledged.Epoch, 1);
        string[] users = [.. Enumerable.Range(0, 12).Select(number => $"{_user}-{number}")];
        foreach (var user in users.Append(_user))
        {
            await messaging.Phones.RegisterAsync(user, "phone", PushPlatform.Fcm, $"staging-{user}");
        }

        // In one call as far as the cluster allows.
        await messaging.Publisher.PublishAsync([.. users.Select(user => (StreamName.User(user), Urgent with { Id = $"prefixed-{user}" }))]);

        await Eventually.True(() => users.All(user => Tokens($"prefixed-{user}").Length > 0), "everybody's phone to have it");
        Assert.All(users, user => Assert.Equal([$"staging-{user}"], Tokens($"prefixed-{user}")));
        Assert.Empty(Tokens(acknowledged.Id));
        Assert.All(await plain.Log.ReadEndsAsync([.. users.Select(StreamName.User)]), end => Assert.Equal((0, null), (end.End.Offset, end.Failure)));
    }

    [FactWithRedisServer]
    public async Task While_a_node_is_dead_the_others_escalations_go_out_and_its_own_follow_with_its_replica()
    {
        await using var messaging = TestMessaging.On(cluster.Connection);
        await using var hub = await fakes.HubAsync(cluster.ConnectionString);
        var concerned = StreamName.User(_user);
        var primary = await cluster.Processes.PrimaryOfAsync(Names.Default.Escalations(RedisNames.Partition(concerned)));
        string[] users = [.. Enumerable.Range(0, 30).Select(number => $"{_user}-{number}")];
        foreach (var user in users.Append(_user))
        {
            await messaging.Phones.RegisterAsync(user, "phone", PushPlatform.Fcm, $"token-{user}");
        }

        await messaging.Publisher.PublishAsync(concerned, Urgent with { Id = $"first-{_user}" });
        await Eventually.True(() => Tokens($"first-{_user}").Length == 1, "a message before");
        await primary.KillAsync();
        try
        {
            await Task.WhenAll(users.Append(_user).Select(user => PublishUntilTakenAsync(messaging, StreamName.User(user), $"meanwhile-{user}")));
            await Eventually.True(() => users.Append(_user).All(user => Tokens($"meanwhile-{user}").Length > 0), "everybody's phone to have it", FailoverLimit);
        }
        finally
        {
            await primary.StartAsync(CancellationToken.None);
        }
    }

    private static async Task PublishUntilTakenAsync(TestMessaging messaging, StreamName stream, string id) => await Eventually.True(
        async () =>
        {
            try
            {
                await messaging.Publisher.PublishAsync(stream, Urgent with { Id = id });
                return true;
            }
            catch (Exception exception) when (exception is StackExchange.Redis.RedisException or TimeoutException)
            {
                return false;
            }
        },
        "the publish to be taken",
        FailoverLimit);

    private string[] Tokens(string id) => [.. fakes.Fcm.Delivered.Where(request => request.Id == id).Select(request => request.Token)];
}
