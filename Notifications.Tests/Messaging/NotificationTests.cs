using System.Text.Json;
using Notifications.Messaging;
using Xunit;

namespace Notifications.Tests.Messaging;

public sealed class NotificationTests
{
    [Fact]
    public void Its_id_is_a_version_7_guid_of_now_unless_set()
    {
        var before = DateTimeOffset.UtcNow;
        var id = Guid.ParseExact(New().Id, "N");
        var milliseconds = Convert.ToInt64(id.ToString("N")[..12], 16);

        Assert.Equal(7, id.Version);
        Assert.InRange(id.Variant, 0x8, 0xB);
        Assert.InRange(milliseconds, before.ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        Assert.Equal("mine", (New() with { Id = "mine" }).Id);
    }

    [Fact]
    public void No_two_have_the_same_id()
    {
        var ids = Enumerable.Range(0, 100_000).AsParallel().Select(_ => New().Id).ToHashSet();

        Assert.Equal(100_000, ids.Count);
    }

    private static Notification New() => new() { Type = "TEST", Payload = JsonSerializer.SerializeToElement(1) };
}
