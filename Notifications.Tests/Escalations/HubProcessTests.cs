using Microsoft.Extensions.Hosting;
using Notifications.Testing.Clusters;
using Notifications.Messaging;
using Notifications.Messaging.Escalations;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Escalations;

/// <summary>Hubs as processes of their own, so that one can die.</summary>
public sealed class HubProcessTests(RedisServers servers, PushFixture fakes) : IClassFixture<RedisServers>, IClassFixture<PushFixture>, IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-push-");
    private readonly Watchdog _watchdog = new();
    private readonly HttpClient _http = new();
    private readonly string _user = RedisServers.Unique("user");

    [Fact]
    public async Task Of_a_thousand_escalations_over_three_hubs_of_which_one_is_killed_each_is_sent_and_only_what_it_had_in_hand_twice()
    {
        const int count = 1_000;
        const int inHand = 20;
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var messaging = TestMessaging.On(redis.Connection);
        fakes.Fcm.Latency = TimeSpan.FromMilliseconds(50);
        HubProcess[] hubs = [.. Enumerable.Range(1, 3).Select(number => Hub($"hub-{number}", messaging, redis, new()
        {
            // Each has an address of its own for the same provider, by which it is known which one sent.
            ["Escalation__Fcm__Endpoint"] = $"{fakes.Fcm.Endpoint}hub-{number}/",
            ["Escalation__InHand"] = $"{inHand}",
            ["Escalation__Concurrency"] = "10",
            // Of a send that is given up it is not known whether it arrived, so a busy machine must not get there.
            ["Escalation__SendTimeout"] = "00:00:05",
            ["Escalation__Lease"] = "00:00:10",
        }))];
        try
        {
            await Task.WhenAll(hubs.Select(hub => hub.StartAsync(CancellationToken.None)));
            var users = Enumerable.Range(0, count).Select(number => $"{_user}-{number}").ToArray();
            await Task.WhenAll(users.Select(user => messaging.Phones.RegisterAsync(user, "phone", PushPlatform.Fcm, $"token-of-{user}")));

            var published = await messaging.Publisher.PublishAsync([.. users.Select(user => (StreamName.User(user), Urgent))]);
            await Eventually.True(() => fakes.Fcm.Requests.Count >= 300, "the three to be at work");
            await hubs[0].KillAsync();
            await Eventually.True(
                () => fakes.Fcm.Delivered.Select(request => request.Id).Distinct().Count() == count, "all to be sent", TimeSpan.FromSeconds(40));

            var byId = fakes.Fcm.Requests.GroupBy(request => request.Id).ToArray();
            Assert.Equal(published.Select(result => result.Id).Order(), byId.Select(requests => requests.Key).Order());
            Assert.Equal(["hub-1", "hub-2", "hub-3"], fakes.Fcm.Requests.Select(request => request.Sender).Distinct().Order());
            var twice = byId.Where(requests => requests.Count() > 1).ToArray();
            Assert.InRange(twice.Length, 0, inHand);
            Assert.All(twice, requests => Assert.Equal(("hub-1", 2), (requests.First().Sender, requests.Count())));
        }
        finally
        {
            fakes.Fcm.Latency = TimeSpan.Zero;
            foreach (var hub in hubs)
            {
                await hub.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_hub_that_its_machine_tells_to_trust_the_certificate_sends_to_Apple()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var messaging = TestMessaging.On(redis.Connection);
        var trusted = Path.Combine(_directory.FullName, "trusted.pem");
        await File.WriteAllTextAsync(trusted, fakes.Apns.CertificatePem);
        var token = PushFixture.NewToken();
        await messaging.Phones.RegisterAsync(_user, "iphone", PushPlatform.Apns, token);
        await using var hub = Hub("hub", messaging, redis, fakes.ApnsSettings.Append(("SSL_CERT_FILE", trusted)).ToDictionary(setting => setting.Item1, setting => setting.Item2));
        await hub.StartAsync(CancellationToken.None);

        await messaging.Publisher.PublishAsync(StreamName.User(_user), Urgent);
        await Eventually.True(() => fakes.Apns.Delivered.Any(request => request.Token == token), "the message");
    }

    public void Dispose()
    {
        _watchdog.Dispose();
        _http.Dispose();
        _directory.Delete(recursive: true);
    }

    private static Notification Urgent => Notification.Create("T", 1) with { Push = new Push { Title = "Title" } };

    private HubProcess Hub(string name, TestMessaging messaging, RedisServer redis, Dictionary<string, string> settings) =>
        new(name, _directory, _watchdog, messaging.Registry, _http, redis: null, new Dictionary<string, string>(settings.Select(setting => KeyValuePair.Create(setting.Key.Replace(":", "__", StringComparison.Ordinal), setting.Value)))
        {
            ["ASPNETCORE_ENVIRONMENT"] = Environments.Development,
            ["Authentication__DevelopmentKey"] = TestTokens.Key,
            ["ConnectionStrings__redis"] = redis.ConnectionString,
            ["Escalation__Fcm__ServiceAccount"] = fakes.Fcm.ServiceAccount,
            ["Logging__LogLevel__Default"] = "Warning",
        });
}
