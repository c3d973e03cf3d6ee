using System.Text;
using Notifications.Messaging.Log;
using Xunit;

namespace Notifications.Tests.Messaging;

public sealed class LiveMessageTests
{
    [Theory]
    [InlineData("7 abc 12f the entry", 7, "abc", "12f", "the entry")]
    [InlineData("1 abc  the entry", 1, "abc", "", "the entry")]
    [InlineData("7 abc 12f ", 7, "abc", "12f", "")]
    public void A_message_is_offset_epoch_previous_entry(string message, long offset, string epoch, string previous, string entry)
    {
        Assert.True(LiveMessage.TryParse(Encoding.UTF8.GetBytes(message), out var live));
        Assert.Equal((offset, epoch, previous, entry), (live.Offset, live.Epoch, live.Previous, Encoding.UTF8.GetString(live.Entry.Span)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("7 ")]
    [InlineData("7 abc")]
    [InlineData("7 abc entry")]
    [InlineData("7  12f entry")]
    [InlineData("x abc 12f entry")]
    [InlineData("7x abc 12f entry")]
    public void Another_form_is_no_message(string message) => Assert.False(LiveMessage.TryParse(Encoding.UTF8.GetBytes(message), out _));
}
