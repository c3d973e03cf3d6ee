using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Notifications.Hubs.Escalations;
using Notifications.Messaging.Escalations;
using Xunit;

namespace Notifications.Tests.Escalations;

public sealed class PushProviderTests : IAsyncLifetime
{
    private readonly PushFixture _fakes = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly string _token = PushFixture.NewToken();

    private FakeFcm Fcm => _fakes.Fcm;

    public Task InitializeAsync() => _fakes.InitializeAsync();

    public Task DisposeAsync() => _fakes.DisposeAsync();

    [Fact]
    public async Task One_that_is_not_configured_is_off_and_says_so()
    {
        using var senders = new SenderHost(_time, _ => { });
        Assert.Equal(PushAttempt.Off, await SendAsync(senders));
        senders.Provider(PushPlatform.Fcm).LogState();
        Assert.Contains(senders.Logs.All, log => log.Level == LogLevel.Information && log.Message.StartsWith("Push provider Fcm is off: Escalation:Fcm", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_refused_configuration_is_told_once_and_stops_it_until_its_options_change()
    {
        using var senders = _fakes.Senders(_time);
        Fcm.Answer = _ => FakeAnswer.Fcm(403, "PERMISSION_DENIED");
        Assert.Equal(SendKind.NotNow, Kind(await SendAsync(senders)));
        Assert.Single(Fcm.Requests);

        senders.Set(("Logging:LogLevel:Default", "Warning"));
        _time.Advance(TimeSpan.FromHours(5));
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(SendKind.NotNow, Kind(await SendAsync(senders)));
        }

        Assert.Single(Fcm.Requests);
        var critical = Assert.Single(senders.Logs.All, log => log.Level == LogLevel.Critical);
        Assert.Contains("403 PERMISSION_DENIED", critical.Message, StringComparison.Ordinal);
        Assert.Contains("Escalation:Fcm", critical.Message, StringComparison.Ordinal);

        Fcm.Answer = _ => null;
        await using var other = await FakeFcm.StartAsync();
        senders.Set(("Escalation:Fcm:ServiceAccount", other.ServiceAccount), ("Escalation:Fcm:Endpoint", $"{other.Endpoint}"));
        Assert.Equal(SendKind.Delivered, Kind(await SendAsync(senders)));
        Assert.Single(other.Delivered);
    }

    [Fact]
    public async Task Options_that_are_changed_to_what_can_not_be_stop_it_until_they_are_right_again()
    {
        using var senders = _fakes.Senders(_time);
        senders.Set(("Escalation:Fcm:ServiceAccount", "{}"));
        Assert.Equal(SendKind.NotNow, Kind(await SendAsync(senders)));
        Assert.Equal(SendKind.NotNow, Kind(await SendAsync(senders)));
        Assert.Contains("project_id", Assert.Single(senders.Logs.All, log => log.Level == LogLevel.Critical).Message, StringComparison.Ordinal);

        senders.Set(("Escalation:Fcm:ServiceAccount", Fcm.ServiceAccount));
        Assert.Equal(SendKind.Delivered, Kind(await SendAsync(senders)));
    }

    [Fact]
    public async Task One_that_answers_429_is_not_hammered()
    {
        using var senders = _fakes.Senders(_time, ("Escalation:Concurrency", "10"));
        Fcm.Answer = _ => FakeAnswer.Fcm(429, "QUOTA_EXCEEDED");
        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => SendAsync(senders)));
        // Those that were under way when the fifth one failed.
        Assert.InRange(Fcm.Requests.Count, 5, 15);

        var first = Fcm.Requests.Count;
        for (var second = 0; second < 60; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => SendAsync(senders)));
        }

        // One for each pause, whose length is random between nothing and what doubles from one second to sixty.
        Assert.InRange(Fcm.Requests.Count - first, 1, 40);
    }

    [Fact]
    public async Task One_that_asks_to_be_left_alone_for_a_time_is()
    {
        using var senders = _fakes.Senders(_time, ("Escalation:Concurrency", "1"));
        Fcm.Answer = _ => FakeAnswer.Fcm(429, "QUOTA_EXCEEDED", retryAfter: 120);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => SendAsync(senders)));
        Assert.Equal(5, Fcm.Requests.Count);

        _time.Advance(TimeSpan.FromSeconds(119));
        Assert.InRange((await SendAsync(senders)).Wait!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(2));
        Assert.Equal(5, Fcm.Requests.Count);
        _time.Advance(TimeSpan.FromSeconds(3));
        Fcm.Answer = _ => null;
        Assert.Equal(SendKind.Delivered, Kind(await SendAsync(senders)));
    }

    [Fact]
    public async Task After_a_pause_one_message_tries_the_way_for_all()
    {
        using var senders = _fakes.Senders(_time);
        Fcm.Answer = _ => new FakeAnswer(503);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(SendResult.Retry, (await SendAsync(senders)).Outcome!.Value.Result);
        }

        Assert.Equal(SendKind.NotNow, Kind(await SendAsync(senders)));
        _time.Advance(TimeSpan.FromSeconds(61));
        Fcm.Answer = _ => null;
        Fcm.Latency = TimeSpan.FromMilliseconds(300);
        var attempts = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync(senders)));
        Assert.Equal((1, 19), (attempts.Count(attempt => Kind(attempt) == SendKind.Delivered), attempts.Count(attempt => Kind(attempt) == SendKind.NotNow)));

        Fcm.Latency = TimeSpan.Zero;
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync(senders))), attempt => Assert.Equal(SendKind.Delivered, Kind(attempt)));
    }

    [Fact]
    public async Task A_few_failures_among_successes_do_not_pause_it()
    {
        using var senders = _fakes.Senders(_time);
        var count = 0;
        Fcm.Answer = _ => ++count % 3 == 0 ? null : new FakeAnswer(500);
        for (var i = 0; i < 30; i++)
        {
            Assert.NotEqual(SendKind.NotNow, Kind(await SendAsync(senders)));
        }
    }

    [Fact]
    public async Task No_more_sends_than_its_concurrency_are_under_way()
    {
        using var senders = _fakes.Senders(_time, ("Escalation:Concurrency", "7"));
        // So long that the first is not answered before the seventh is there, also where the machine is busy.
        Fcm.Latency = TimeSpan.FromMilliseconds(500);
        await Task.WhenAll(Enumerable.Range(0, 70).Select(_ => SendAsync(senders)));
        Assert.Equal((70, 7), (Fcm.Delivered.Count, Fcm.MostInFlight));
    }

    [Fact]
    public async Task A_provider_that_is_not_there_or_makes_no_sense_is_tried_again_later()
    {
        var gone = await FakeFcm.StartAsync();
        using var senders = _fakes.Senders(_time, ("Escalation:Fcm:ServiceAccount", gone.ServiceAccount), ("Escalation:Fcm:Endpoint", $"{gone.Endpoint}"));
        gone.TokenAnswer = () => new FakeAnswer(502);
        Assert.Equal(SendResult.Retry, (await SendAsync(senders)).Outcome!.Value.Result);
        await gone.DisposeAsync();
        Assert.Equal(SendResult.Retry, (await SendAsync(senders)).Outcome!.Value.Result);
    }

    [Fact]
    public async Task A_send_that_could_outlast_its_lease_does_not_begin()
    {
        using var senders = _fakes.Senders(_time);
        var until = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(PushAttempt.NotNow(TimeSpan.Zero), await SendAsync(senders, until));
        Assert.Empty(Fcm.Requests);
    }

    [Fact]
    public async Task Nothing_that_is_logged_has_a_phones_token_in_it()
    {
        using var senders = _fakes.Senders(_time);
        Fcm.Answer = _ => new FakeAnswer(500);
        _fakes.Apns.Answer = _ => FakeAnswer.Apns(500, "InternalServerError");
        for (var i = 0; i < 6; i++)
        {
            await SendAsync(senders);
            await senders.Provider(PushPlatform.Apns).SendAsync(
                PushFixture.Message(), PushFixture.Phone(PushPlatform.Apns, _token), long.MaxValue, CancellationToken.None);
        }

        Assert.Contains(senders.Logs.All, log => log.Message.Contains("Apns fails again and again", StringComparison.Ordinal));
        Assert.DoesNotContain(senders.Logs.All, log => $"{log.Message} {log.Exception}".Contains(_token, StringComparison.Ordinal));
    }

    private Task<PushAttempt> SendAsync(SenderHost senders, long until = long.MaxValue) => senders.Provider(PushPlatform.Fcm).SendAsync(
        PushFixture.Message(), PushFixture.Phone(PushPlatform.Fcm, _token), until, CancellationToken.None);

    private static SendKind Kind(PushAttempt attempt) => attempt switch
    {
        { Outcome.Result: SendResult.Delivered } => SendKind.Delivered,
        { Outcome: null, Wait: not null } => SendKind.NotNow,
        _ => SendKind.Other,
    };

    private enum SendKind
    {
        Delivered,
        NotNow,
        Other,
    }
}
