using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Notifications.Messaging;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.Hub;

/// <summary>Arguments of the hub's methods, as clients in many languages write them: accepted where they mean one thing, or refused with what would be right.</summary>
public sealed class HubArgumentTests(RedisServers servers) : IClassFixture<RedisServers>
{
    private const char RecordEnd = '\u001e';
    private const string Epoch = "0123456789abcdef";
    private const string WholeNumber = "It has to be a whole number from 0 to 9223372036854775807, such as 7 or 7.0.";
    private const string APosition = """It has to be {epoch, offset}, such as {"epoch": "6c929cca55ce", "offset": 17}.""";
    private readonly string _user = RedisServers.Unique("user");
    private readonly StringBuilder _heard = new();

    public static TheoryData<string> Sevens => ["7", "7.0", "7e0", "70e-1", "7.000000000000000000", "0.7E1"];

    public static TheoryData<object> MessagePackSevens =>
        [(sbyte)7, (byte)7, (short)7, (ushort)7, 7, 7u, 7L, 7UL, 7f, 7d];

    /// <summary>Calls as JSON, and what is said of them.</summary>
    public static TheoryData<string, string, string> RefusedInJson => new()
    {
        { "Acknowledge", $"""["S","{Epoch}","1"]""", $"offset is \"1\". {WholeNumber}" },
        { "Acknowledge", $"""["S","{Epoch}",1.5]""", $"offset is 1.5. {WholeNumber}" },
        { "Acknowledge", $"""["S","{Epoch}",1e400]""", $"offset is 1e400. {WholeNumber}" },
        { "Acknowledge", $"""["S","{Epoch}",9223372036854775808]""", $"offset is 9223372036854775808. {WholeNumber}" },
        { "Acknowledge", $"""["S","{Epoch}",-1]""", $"offset is -1. {WholeNumber}" },
        { "Acknowledge", $"""["S","{Epoch}",-1.0]""", $"offset is -1. {WholeNumber}" },
        { "Acknowledge", $"""["S","{Epoch}",null]""", $"offset is null. {WholeNumber}" },
        { "Acknowledge", $"""["S","{Epoch}",[1]]""", $"offset is [1]. {WholeNumber}" },
        { "Acknowledge", """["S",7,1]""", "epoch is 7. It has to be a string." },
        { "Acknowledge", """["S",null,1]""", "epoch is null. It has to be the epoch of a notification or of \"subscribed\", 1 to 64 characters." },
        { "Acknowledge", """["S","",1]""", "epoch is \"\". It has to be the epoch of a notification or of \"subscribed\", 1 to 64 characters." },
        { "Acknowledge", $"""[7,"{Epoch}",1]""", "stream is 7. It has to be a string." },
        { "Acknowledge", $$"""[{},"{{Epoch}}",1]""", "stream is {}. It has to be a string." },
        { "Acknowledge", $"""["\ud83d","{Epoch}",1]""", "stream is \"\\ud83d\". It has to be a string of Unicode." },
        { "Acknowledge", $"""[null,"{Epoch}",1]""", "\"\" is no stream name: it has to be user:<id> or topic:<name>" },
        { "Acknowledge", $"""["news","{Epoch}",1]""", "\"news\" is no stream name: it has to be user:<id> or topic:<name>" },
        { "Acknowledge", $"""["S","{Epoch}"]""", "It takes (stream, epoch, offset). Invocation provides 2 argument(s) but target expects 3." },
        { "Acknowledge", $"""["S","{Epoch}",1,1]""", "It takes (stream, epoch, offset). Invocation provides 4 argument(s) but target expects 3." },
        { "Acknowledge", "[]", "It takes (stream, epoch, offset). Invocation provides 0 argument(s) but target expects 3." },
        { "Subscribe", "[]", "It takes (stream, since?). Invocation provides 0 argument(s) but target expects 2." },
        { "Subscribe", """["S",null,1]""", "It takes (stream, since?). Invocation provides 3 argument(s) but target expects 2." },
        { "subscribe", "[7]", "stream is 7. It has to be a string." },
        { "Subscribe", """["S",7]""", $"since is 7. {APosition}" },
        { "Subscribe", """["S",["e",1]]""", $"since is [\"e\",1]. {APosition}" },
        { "Subscribe", $$"""["S",{"epoch":"{{Epoch}}","offset":"1"}]""", $"since.offset is \"1\". {WholeNumber}" },
        { "Subscribe", $$"""["S",{"epoch":"{{Epoch}}","offset":1.5}]""", $"since.offset is 1.5. {WholeNumber}" },
        { "Subscribe", $$"""["S",{"\ud83d":1,"epoch":"{{Epoch}}","offset":"1"}]""", $"since.offset is \"1\". {WholeNumber}" },
        { "Subscribe", """["S",{"epoch":7,"offset":1}]""", "since.epoch is 7. It has to be a string." },
        { "Subscribe", $$"""["S",{"epoch":"{{Epoch}}","ofset":1}]""", $"offset is missing. {WholeNumber}" },
        { "Subscribe", $$"""["S",{"epoch":"{{Epoch}}","offset":-1}]""", $"offset is -1. {WholeNumber}" },
        { "Subscribe", """["S",{"offset":1}]""", "epoch is null. It has to be the epoch of a notification or of \"subscribed\", 1 to 64 characters." },
        { "Unsubscribe", "[]", "It takes (stream). Invocation provides 0 argument(s) but target expects 1." },
        { "Unsubscribe", "[true]", "stream is true. It has to be a string." },
        { "Instance", "[1]", "It takes (). Invocation provides 1 argument(s) but target expects 0." },
    };

    public static TheoryData<string, object?[], string> RefusedInMessagePack => new()
    {
        { "Acknowledge", ["S", Epoch, "1"], $"offset is \"1\". {WholeNumber}" },
        { "Acknowledge", ["S", Epoch, 1.5], $"offset is 1.5. {WholeNumber}" },
        { "Acknowledge", ["S", Epoch, 1.5f], $"offset is 1.5. {WholeNumber}" },
        { "Acknowledge", ["S", Epoch, double.NaN], $"offset is NaN. {WholeNumber}" },
        { "Acknowledge", ["S", Epoch, double.PositiveInfinity], $"offset is Infinity. {WholeNumber}" },
        { "Acknowledge", ["S", Epoch, 9223372036854775808d], $"offset is 9.223372036854776E+18. {WholeNumber}" },
        { "Acknowledge", ["S", Epoch, ulong.MaxValue], $"offset is 18446744073709551615. {WholeNumber}" },
        { "Acknowledge", ["S", Epoch, -1d], $"offset is -1. {WholeNumber}" },
        { "Acknowledge", ["S", Epoch, null], $"offset is null. {WholeNumber}" },
        { "Acknowledge", ["S", Epoch, new byte[] { 1 }], $"offset is binary data. {WholeNumber}" },
        { "Acknowledge", ["S", 7, 1], "epoch is 7. It has to be a string." },
        { "Acknowledge", [new[] { "a" }, Epoch, 1], "stream is an array. It has to be a string." },
        { "Acknowledge", ["S", Epoch], "It takes (stream, epoch, offset). Invocation provides 2 argument(s) but target expects 3." },
        { "Subscribe", [], "It takes (stream, since?). Invocation provides 0 argument(s) but target expects 2." },
        { "Subscribe", [true], "stream is true. It has to be a string." },
        { "Subscribe", ["S", 7], $"since is 7. {APosition}" },
        { "Subscribe", ["S", new Dictionary<string, object> { ["epoch"] = Epoch, ["offset"] = "1" }], $"since.offset is \"1\". {WholeNumber}" },
        { "Subscribe", ["S", new Dictionary<string, object> { ["epoch"] = 7, ["offset"] = 1 }], "since.epoch is 7. It has to be a string." },
        { "Subscribe", ["S", new Dictionary<string, object> { ["epoch"] = Epoch, ["ofset"] = 1 }], $"offset is missing. {WholeNumber}" },
        { "Subscribe", ["S", new Dictionary<string, object> { ["epoch"] = Epoch, ["ofset"] = 1, ["offset"] = 1.5 }], $"since.offset is 1.5. {WholeNumber}" },
    };

    [Theory]
    [MemberData(nameof(Sevens))]
    public async Task A_whole_number_is_an_offset_however_JSON_writes_it(string seven)
    {
        await using var hub = await StartAsync();
        using var socket = await OpenAsync(hub);
        var epoch = await PublishAsync(hub, count: 8);

        Assert.Null(await CallAsync(socket, "Acknowledge", $"""["user:{_user}","{epoch}",{seven}]"""));
        Assert.Null(await CallAsync(socket, "Subscribe", $$"""["user:{{_user}}",{"Epoch":"{{epoch}}","offset":{{seven}},"more":1}]"""));

        await HasAcknowledgedSevenAsync(hub);
        Assert.Contains($"\"epoch\":\"{epoch}\",\"offset\":7,\"recovered\":true", _heard.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(MessagePackSevens))]
    public async Task A_whole_number_is_an_offset_in_every_width_of_MessagePack(object seven)
    {
        await using var hub = await StartAsync();
        var subscribed = new List<ReceivedSubscribed>();
        await using var connection = await ConnectAsync(hub, "/hubs/notifications?device=laptop");
        connection.On<Dictionary<string, object>>("subscribed", sent => subscribed.Add(new("", (string)sent["epoch"], Convert.ToInt64(sent["offset"]), (bool)sent["recovered"])));
        var epoch = await PublishAsync(hub, count: 8);

        await connection.InvokeAsync("Acknowledge", $"user:{_user}", epoch, seven);
        await connection.InvokeAsync("Subscribe", $"user:{_user}", new Dictionary<string, object> { ["epoch"] = epoch, ["offset"] = seven, ["more"] = 1 });

        await HasAcknowledgedSevenAsync(hub);
        await Eventually.True(() => subscribed.Contains(new("", epoch, 7, true)), "the stream to be subscribed after 7");
    }

    [Theory]
    [MemberData(nameof(RefusedInJson))]
    public async Task What_JSON_has_wrong_is_named(string method, string arguments, string says)
    {
        await using var hub = await StartAsync();
        using var socket = await OpenAsync(hub);

        var error = await CallAsync(socket, method, arguments.Replace("\"S\"", $"\"user:{_user}\"", StringComparison.Ordinal));

        Assert.Contains($"HubException: {says}", error, StringComparison.Ordinal);
        Assert.Null(await CallAsync(socket, "Instance", "[]"));
    }

    [Theory]
    [MemberData(nameof(RefusedInMessagePack))]
    public async Task What_MessagePack_has_wrong_is_named(string method, object?[] arguments, string says)
    {
        await using var hub = await StartAsync();
        await using var connection = await ConnectAsync(hub, "/hubs/notifications");

        var refused = await Assert.ThrowsAsync<HubException>(
            () => connection.InvokeCoreAsync(method, [.. arguments.Select(argument => argument is "S" ? $"user:{_user}" : argument)]));

        Assert.Contains($"HubException: {says}", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(await connection.InvokeAsync<string>("Instance"));
    }

    [Fact]
    public async Task The_last_argument_may_be_left_out_in_both_protocols()
    {
        await using var hub = await StartAsync();
        using var socket = await OpenAsync(hub);
        await using var connection = await ConnectAsync(hub, "/hubs/notifications");

        Assert.Null(await CallAsync(socket, "Subscribe", """["topic:news"]"""));
        Assert.Null(await CallAsync(socket, "subscribe", """["topic:news",null]"""));
        await connection.InvokeAsync("Subscribe", "topic:news");
    }

    [Fact]
    public async Task One_that_asks_for_no_answer_gets_none_and_the_connection_goes_on()
    {
        await using var hub = await StartAsync();
        using var socket = await OpenAsync(hub);

        await SendAsync(socket, $$"""{"type":1,"target":"Acknowledge","arguments":["user:{{_user}}","{{Epoch}}","1"]}""");

        Assert.Null(await CallAsync(socket, "Instance", "[]"));
        Assert.DoesNotContain("error", _heard.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Another_hubs_calls_are_answered_by_SignalR_itself(bool isMessagePack)
    {
        await using var hub = await StartAsync();
        await using var connection = await ConnectAsync(hub, OwnHub.Path, isMessagePack);

        foreach (var (method, arguments) in new (string, object?[])[] { ("Repeat", ["x", "2"]), ("Repeat", ["x"]), ("Subscribe", [7]), ("Acknowledge", [1]) })
        {
            var refused = await Assert.ThrowsAsync<HubException>(() => connection.InvokeCoreAsync(method, arguments));
            Assert.Equal($"Failed to invoke '{method}' due to an error on the server.", refused.Message);
        }
    }

    private async Task<HubHost> StartAsync() =>
        await HubHost.StartAsync((await servers.GetAsync(RedisKind.Garnet)).ConnectionString, _ => { }, app => app.MapHub<OwnHub>(OwnHub.Path));

    private async Task<string> PublishAsync(HubHost hub, int count)
    {
        await using var messaging = TestMessaging.On(hub.Service<IConnectionMultiplexer>());
        await messaging.PublishAsync(StreamName.User(_user), count - 1);
        return (await messaging.Publisher.PublishAsync(StreamName.User(_user), TestMessaging.Numbered(count))).Epoch;
    }

    private Task HasAcknowledgedSevenAsync(HubHost hub) => Eventually.True(
        async () => await hub.Service<IConnectionMultiplexer>().GetDatabase().HashGetAsync(Names.Default.Cursors(StreamName.User(_user)), "laptop") == 7, "the acknowledgement to be written");

    private async Task<HubConnection> ConnectAsync(HubHost hub, string path, bool isMessagePack = true)
    {
        var builder = new HubConnectionBuilder().WithUrl(new Uri(hub.Address, path), options => options.AccessTokenProvider = () => Task.FromResult<string?>(TestTokens.Create(_user)));
        var connection = (isMessagePack ? builder.AddMessagePackProtocol() : builder).Build();
        await connection.StartAsync();
        return connection;
    }

    /// <summary>A bare WebSocket, since a client's library decides itself how a number is written.</summary>
    private async Task<ClientWebSocket> OpenAsync(HubHost hub)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {TestTokens.Create(_user)}");
        await socket.ConnectAsync(new Uri($"ws://{hub.Address.Authority}/hubs/notifications?device=laptop"), CancellationToken.None);
        await SendAsync(socket, """{"protocol":"json","version":1}""");
        return socket;
    }

    private static Task SendAsync(ClientWebSocket socket, string message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message + RecordEnd), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    /// <returns>The error of the answer; null: it has none.</returns>
    private async Task<string?> CallAsync(ClientWebSocket socket, string method, string arguments)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        var id = Guid.NewGuid().ToString();
        await SendAsync(socket, $$"""{"type":1,"invocationId":"{{id}}","target":"{{method}}","arguments":{{arguments}}}""");
        var buffer = new byte[4096];
        while (true)
        {
            var messages = _heard.ToString().Split(RecordEnd);
            if (messages[..^1].FirstOrDefault(message => message.Contains(id, StringComparison.Ordinal)) is { } answer)
            {
                return JsonElement.Parse(answer).TryGetProperty("error", out var error) ? error.GetString() : null;
            }

            var received = await socket.ReceiveAsync(buffer, limit.Token);
            Assert.NotEqual(WebSocketMessageType.Close, received.MessageType);
            _heard.Append(Encoding.UTF8.GetString(buffer, 0, received.Count));
        }
    }
}
