using System.Text;
using Notifications.Hubs.Delivery;
using Notifications.Messaging;
using Xunit;

namespace Notifications.Tests.Hub;

public sealed class AcknowledgementMessageTests
{
    private const char RecordEnd = '\u001e';

    [Theory]
    [InlineData("""{"type":1,"target":"Acknowledge","arguments":["user:ann","e1",42]}""")]
    [InlineData("""{"arguments":["user:ann","e1",42],"target":"Acknowledge","type":1}""")]
    [InlineData(""" { "type" : 1, "arguments" : ["user:\u0061nn", "e1", 42 ], "target":"Acknowledge" } """)]
    public void One_that_asks_for_no_answer_is_read(string message)
    {
        Assert.True(AcknowledgementMessage.TryRead(Encoding.UTF8.GetBytes(message + RecordEnd), out var stream, out var position));

        Assert.Equal((StreamName.User("ann"), new Position("e1", 42)), (stream, position));
    }

    [Theory]
    [InlineData("""{"type":1,"invocationId":"1","target":"Acknowledge","arguments":["user:ann","e1",42]}""")]
    [InlineData("""{"type":1,"headers":{"traceparent":"x"},"target":"Acknowledge","arguments":["user:ann","e1",42]}""")]
    [InlineData("""{"type":4,"target":"Acknowledge","arguments":["user:ann","e1",42]}""")]
    [InlineData("""{"target":"Acknowledge","arguments":["user:ann","e1",42]}""")]
    [InlineData("""{"type":1,"target":"Subscribe","arguments":["user:ann",{"epoch":"Acknowledge"}]}""")]
    [InlineData("""{"type":1,"target":"Acknowledge"}""")]
    [InlineData("""{"type":1,"target":"Acknowledge","arguments":["user:ann","e1"]}""")]
    [InlineData("""{"type":1,"target":"Acknowledge","arguments":["user:ann","e1",42,1]}""")]
    [InlineData("""{"type":1,"target":"Acknowledge","arguments":["user:ann","e1",4.5]}""")]
    [InlineData("""{"type":1,"target":"Acknowledge","arguments":["user:ann","e1","42"]}""")]
    [InlineData("""{"type":1,"target":"Acknowledge","arguments":["user:ann","e1",-1]}""")]
    [InlineData("""{"type":1,"target":"Acknowledge","arguments":["user:ann","",42]}""")]
    [InlineData("""{"type":1,"target":"Acknowledge","arguments":["user:ann",null,42]}""")]
    [InlineData("""{"type":1,"target":"Acknowledge","arguments":["nobody:ann","e1",42]}""")]
    [InlineData("""{"type":1,"target":"Acknowledge","arguments":["user:ann","e1",42]""")]
    [InlineData("""{"type":1,"target":"Acknowledge","arguments":["user:ann","e1",42]}}""")]
    [InlineData("""["Acknowledge"]""")]
    [InlineData("")]
    public void Whatever_else_it_is_is_left_to_SignalR(string message) =>
        Assert.False(AcknowledgementMessage.TryRead(Encoding.UTF8.GetBytes(message + RecordEnd), out _, out _));

    [Fact]
    public void Two_in_one_and_half_a_one_are_left_to_SignalR()
    {
        const string message = """{"type":1,"target":"Acknowledge","arguments":["user:ann","e1",42]}""";

        Assert.False(AcknowledgementMessage.TryRead(Encoding.UTF8.GetBytes(message + RecordEnd + message + RecordEnd), out _, out _));
        Assert.False(AcknowledgementMessage.TryRead(Encoding.UTF8.GetBytes(message), out _, out _));
    }
}
