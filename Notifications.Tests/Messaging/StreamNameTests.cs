using Notifications.Messaging;
using Xunit;

namespace Notifications.Tests.Messaging;

public sealed class StreamNameTests
{
    [Theory]
    [InlineData("user:42", true, "42")]
    [InlineData("user:auth0|5f7c8ec7", true, "auth0|5f7c8ec7")]
    [InlineData("user:a.b_c-d~e@f+g=h:i/j!k$", true, "a.b_c-d~e@f+g=h:i/j!k$")]
    [InlineData("topic:news", false, "news")]
    public void A_name_has_a_kind_and_an_id(string value, bool isUser, string id)
    {
        var name = StreamName.Parse(value);
        Assert.Equal((value, isUser, id), (name.Value, name.IsUser, name.Id));
        Assert.Equal(isUser ? StreamName.User(id) : StreamName.Topic(id), name);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("user:")]
    [InlineData("User:42")]
    [InlineData("group:42")]
    [InlineData("user:a b")]
    [InlineData("user:a{b}")]
    [InlineData("user:*")]
    [InlineData("user:ü")]
    [InlineData("user:a\n")]
    [InlineData("user:a\0b")]
    public void Anything_else_is_no_name(string? value) => Assert.False(StreamName.TryParse(value, out _));

    [Fact]
    public void An_id_has_at_most_128_characters()
    {
        Assert.Equal(128, StreamName.User(new string('a', 128)).Id.Length);
        Assert.Throws<ArgumentException>(() => StreamName.User(new string('a', 129)));
    }

    [Fact]
    public void The_error_names_the_value_and_the_rule_without_its_control_characters()
    {
        var message = Assert.Throws<ArgumentException>(() => StreamName.Parse("user:a\u001b[2J")).Message;
        Assert.Contains("\"user:a\uFFFD[2J\" is no stream name", message, StringComparison.Ordinal);
        Assert.Contains("1 to 128 characters", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_never_set_says_so() => Assert.Throws<InvalidOperationException>(() => default(StreamName).Value);
}
