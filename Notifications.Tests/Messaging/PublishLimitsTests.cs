using System.Text.Json;
using Notifications.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Messaging;

public sealed class PublishLimitsTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private static readonly Notification Valid = Notification.Create("TYPE", "payload");
    private readonly StreamName _stream = TestMessaging.NewStream();

    public static TheoryData<string, string> BrokenIds => new()
    {
        { "", "has 0 characters" },
        { new string('a', 129), "has 129 characters" },
        { "white space", "one that is not allowed" },
        { "brace}", "one that is not allowed" },
        { "line\nbreak", "one that is not allowed" },
    };

    [Theory]
    [MemberData(nameof(BrokenIds))]
    public Task An_id_keeps_to_the_rule_of_stream_names(string id, string says) => AssertRefused(Valid with { Id = id }, says, "1 to 128");

    [Theory]
    [InlineData(0)]
    [InlineData(129)]
    public Task A_type_has_1_to_128_characters(int length) =>
        AssertRefused(Valid with { Type = new string('T', length) }, $"has {length} characters", "1 to 128");

    [Fact]
    public Task A_payload_is_not_optional() => AssertRefused(Valid with { Payload = default }, "has no payload");

    [Fact]
    public Task A_payload_over_the_limit_is_refused_with_its_size_and_the_limit() =>
        AssertRefused(Valid with { Payload = Text(16 * 1024 + 1) }, "16385 bytes", "16384", "Notifications:MaxPayloadBytes");

    [Fact]
    public async Task A_payload_of_exactly_the_limit_is_published()
    {
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        Assert.Equal(1, (await messaging.Publisher.PublishAsync(_stream, Valid with { Payload = Text(16 * 1024) })).Offset);
    }

    /// <summary>A JSON text of that many bytes, quotes counted, half of its characters two bytes long.</summary>
    private static JsonElement Text(int bytes) =>
        JsonElement.Parse($"\"{new string('ü', (bytes - 2) / 4)}{new string('u', bytes - 2 - ((bytes - 2) / 4 * 2))}\"");

    private async Task AssertRefused(Notification notification, params string[] says)
    {
        await using var messaging = await TestMessaging.OnAsync(servers, RedisKind.Garnet);
        var exception = await Assert.ThrowsAnyAsync<ArgumentException>(() => messaging.Publisher.PublishAsync(_stream, notification));
        Assert.All(says, part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
        Assert.False(await messaging.Database.KeyExistsAsync(Names.Default.Meta(_stream)));
    }
}
