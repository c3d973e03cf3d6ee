using System.Text;
using Notifications.Messaging;
using Xunit;

namespace Notifications.Tests.Messaging;

public sealed class LiveMessageTests
{
    [Theory]
    [InlineData("7 abc the entry", 7, "abc", "the entry")]
    [InlineData("7 abc ", 7, "abc", "")]
    public void A_message_is_offset_epoch_entry(string message, long offset, string epoch, string entry)
    {
        Assert.True(LiveMessage.TryParse(Encoding.UTF8.GetBytes(message), out var live));
        Assert.Equal((offset, epoch, entry), (live.Offset, live.Epoch, Encoding.UTF8.GetString(live.Entry.Span)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("7 ")]
    [InlineData("7 abc")]
    [InlineData("7  entry")]
    [InlineData("x abc entry")]
    [InlineData("7x abc entry")]
    public void Another_form_is_no_message(string message) => Assert.False(LiveMessage.TryParse(Encoding.UTF8.GetBytes(message), out _));
}
