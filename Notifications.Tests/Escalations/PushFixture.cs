using Notifications.Hubs.Escalations;
using Notifications.Messaging;
using Notifications.Messaging.Escalations;
using Notifications.Messaging.Log;
using Notifications.Tests.Hub;
using Xunit;

namespace Notifications.Tests.Escalations;

/// <summary>Both fake providers, and the settings with which a hub sends to them.</summary>
public sealed class PushFixture : IAsyncLifetime
{
    internal FakeFcm Fcm { get; private set; } = null!;

    internal FakeApns Apns { get; private set; } = null!;

    internal (string Key, string Value)[] FcmSettings =>
    [
        ("Escalation:Fcm:ServiceAccount", Fcm.ServiceAccount),
        ("Escalation:Fcm:Endpoint", Fcm.Endpoint.ToString()),
    ];

    internal (string Key, string Value)[] ApnsSettings =>
    [
        ("Escalation:Apns:Key", Apns.Key),
        ("Escalation:Apns:KeyId", FakeApns.KeyId),
        ("Escalation:Apns:TeamId", FakeApns.TeamId),
        ("Escalation:Apns:Topic", FakeApns.Topic),
        ("Escalation:Apns:Endpoint", Apns.Endpoint.ToString()),
    ];

    public async Task InitializeAsync()
    {
        Fcm = await FakeFcm.StartAsync();
        Apns = await FakeApns.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await Fcm.DisposeAsync();
        await Apns.DisposeAsync();
    }

    /// <summary>The senders alone.</summary>
    internal SenderHost Senders(TimeProvider? time = null, params (string Key, string? Value)[] settings) => new(
        time ?? TimeProvider.System,
        Apns.TrustIn,
        [.. FcmSettings.Concat(ApnsSettings).Select(setting => (setting.Key, (string?)setting.Value)), .. settings]);

    /// <summary>A hub that sends to the fakes, or to where the settings say.</summary>
    internal Task<HubHost> HubAsync(string redis, params (string Key, string Value)[] settings) =>
        HubHost.StartAsync(
        redis,
        builder => Apns.TrustIn(builder.Services),
        [.. FcmSettings.Concat(ApnsSettings).ExceptBy(settings.Select(setting => setting.Key), setting => setting.Key), .. settings]);

    /// <summary>What FCM answers for one token, until disposed. Tests of a class share the fakes, and each has tokens of its own.</summary>
    internal IDisposable FcmAnswers(string token, Func<FakeAnswer?> answer)
    {
        Fcm.Answer = request => request.Token == token ? answer() : null;
        return new Restoring(() => Fcm.Answer = _ => null);
    }

    private sealed class Restoring(Action restore) : IDisposable
    {
        public void Dispose() => restore();
    }

    internal static PushMessage Message(Push? push = null, string id = "an-id", TimeSpan? expiresIn = null) => new(
        StreamName.User("42"), new Position("abcdef", 7), id, push ?? new Push { Title = "Title", Body = "Body" },
        DateTimeOffset.UtcNow + (expiresIn ?? TimeSpan.FromHours(1)));

    internal static Phone Phone(PushPlatform platform, string token, DateTimeOffset? registeredAt = null) =>
        new("42", "phone", platform, token, registeredAt ?? DateTimeOffset.UtcNow, "0123456789abcdef");

    /// <summary>A token as Apple's look, that no other test uses.</summary>
    internal static string NewToken() => Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N");
}
