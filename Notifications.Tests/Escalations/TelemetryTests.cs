using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Http.Json;
using Notifications.Messaging;
using Notifications.Messaging.Escalations;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Notifications.Tests.Telemetry;
using Notifications.Tests.Telemetry.Otlp;
using Xunit;

namespace Notifications.Tests.Escalations;

public sealed class TelemetryTests(RedisServers servers, PushFixture fakes) : IClassFixture<RedisServers>, IClassFixture<PushFixture>
{
    private readonly string _user = RedisServers.Unique("user");
    private readonly string _token = PushFixture.NewToken();

    private static Notification Urgent => Notification.Create("T", 1) with { Push = new Push { Title = "Title" } };

    [Fact]
    public async Task What_was_escalated_sent_and_dropped_is_counted_and_how_long_it_waited()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var hub = await fakes.HubAsync(redis.ConnectionString);
        await using var messaging = TestMessaging.On(redis.Connection);
        var measured = new ConcurrentQueue<(string Instrument, string Tags, double Value)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == hub.Service<IMeterFactory>() && instrument.Name is "notifications.escalated" or "notifications.pushes" or "notifications.escalations.dropped" or "notifications.escalations.queue_age")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();
        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            measured.Enqueue((instrument.Name, string.Join(' ', tags.ToArray().Select(tag => tag.Value)), value));

        await messaging.Phones.RegisterAsync(_user, "android", PushPlatform.Fcm, _token);
        await messaging.Phones.RegisterAsync(_user, "iphone", PushPlatform.Apns, _token);
        using var answers = fakes.FcmAnswers(_token, () => FakeAnswer.Fcm(404, "UNREGISTERED"));
        await messaging.Publisher.PublishAsync(StreamName.User(_user), Urgent);
        await messaging.Publisher.PublishAsync(StreamName.User(RedisServers.Unique("without-phone")), Urgent);

        await Eventually.True(() => measured.Count >= 6, "both to be handled");
        var values = measured.Where(each => each.Instrument != "notifications.escalations.queue_age").ToArray();
        Assert.Equal(
            [
                ("notifications.escalated", "", 1),
                ("notifications.escalations.dropped", "no_phone", 1),
                ("notifications.pushes", "apns delivered", 1),
                ("notifications.pushes", "fcm token_dead", 1),
            ],
            values.Order());
        var ages = measured.Where(each => each.Instrument == "notifications.escalations.queue_age").Select(each => each.Value).ToArray();
        Assert.Equal(2, ages.Length);
        Assert.All(ages, age => Assert.InRange(age, 0, 5));
    }

    [Fact]
    public async Task One_trace_leads_from_the_publish_to_each_phone_and_has_no_token_in_it()
    {
        var redis = await servers.GetAsync(RedisKind.Garnet);
        await using var receiver = await OtlpReceiver.StartAsync();
        string traceId;
        await using (var hub = await fakes.HubAsync(redis.ConnectionString, ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Endpoint)))
        {
            await using var messaging = TestMessaging.On(redis.Connection);
            await messaging.Phones.RegisterAsync(_user, "android", PushPlatform.Fcm, _token);
            await messaging.Phones.RegisterAsync(_user, "iphone", PushPlatform.Apns, _token);
            using var publisher = hub.As("service", TokenNames.PublisherRole);
            using var caller = new Activity("caller").Start();
            traceId = caller.TraceId.ToString();
            caller.ActivityTraceFlags = ActivityTraceFlags.Recorded;
            using var response = await publisher.PostAsJsonAsync(
                "/api/notifications", new { stream = $"user:{_user}", type = "T", payload = 1, push = new { title = "Title" } });
            await Eventually.True(
                () => fakes.Fcm.Delivered.Any(request => request.Token == _token) && fakes.Apns.Delivered.Any(request => request.Token == _token), "both phones to have it");
        }

        var spans = (await receiver.WaitForAsync(
            all => all.Count(span => span.TraceId == traceId && span.Name == "push notification") == 2, "the spans of both sends")).ToArray();
        ReceivedSpan[] Named(string name) => [.. spans.Where(span => span.TraceId == traceId && span.Name == name)];
        var escalate = Assert.Single(Named("escalate notification"));
        Assert.Equal(Assert.Single(Named("publish notification")).SpanId, escalate.ParentSpanId);
        Assert.All(Named("push notification"), push => Assert.Equal(escalate.SpanId, push.ParentSpanId));
        Assert.Equal(
            ["apns delivered", "fcm delivered"],
            Named("push notification").Select(push => $"{push.Attributes["notification.provider"]} {push.Attributes["notification.outcome"]}").Order());
        // The fakes live in this process too, and what they serve is Apple's to trace.
        Assert.DoesNotContain(spans.Where(span => span.Kind != Span.Types.Kind.Server).SelectMany(span => span.Attributes.Values), value => value.Contains(_token, StringComparison.Ordinal));
    }
}
