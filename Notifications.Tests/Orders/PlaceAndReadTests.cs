using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Orders;

public sealed class PlaceAndReadTests(OrderServiceFixture orders) : IClassFixture<OrderServiceFixture>
{
    private readonly string _owner = RedisServers.Unique("owner");

    private HttpClient Owner => orders.Host.As(_owner);

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task A_placed_order_is_created_at_its_location_for_the_caller(OrderDatabaseKind kind)
    {
        using var owner = orders.On(kind).As(_owner);
        var before = DateTimeOffset.UtcNow;
        using var response = await owner.PlaceAsync("Coffee", 2);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);

        using var json = JsonDocument.Parse(await response.Content.ReadAsStreamAsync());
        Assert.Equal(
            ["id", "owner", "item", "quantity", "status", "createdAt", "updatedAt"],
            json.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.EndsWith("Z", json.RootElement.GetProperty("createdAt").GetString(), StringComparison.Ordinal);
        var order = json.Deserialize<OrderView>(JsonSerializerOptions.Web)!;
        Assert.Equal(new OrderView(order.Id, _owner, "Coffee", 2, "Placed", order.CreatedAt, order.CreatedAt), order);
        Assert.InRange(order.CreatedAt, before.AddMilliseconds(-1), DateTimeOffset.UtcNow);
        Assert.Equal($"/api/orders/{order.Id}", response.Headers.Location?.ToString());
        Assert.Equal(order, await owner.GetFromJsonAsync<OrderView>(response.Headers.Location));
    }

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task An_owner_lists_his_own_orders_newest_first_and_staff_lists_all(OrderDatabaseKind kind)
    {
        using var owner = orders.On(kind).As(_owner);
        var first = await owner.PlacedAsync("first");
        var others = await orders.On(kind).As(RedisServers.Unique("other")).PlacedAsync("another's");
        var second = await owner.PlacedAsync("second");

        Assert.Equal([second, first], await owner.ListAsync());
        Assert.Equal([second], await owner.ListAsync("?limit=1"));
        Assert.Equal([second, others, first], await orders.On(kind).As("sam", "staff").ListAsync("?limit=3"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1001")]
    [InlineData("many")]
    public async Task A_list_has_a_bound(string limit)
    {
        using var response = await Owner.GetAsync($"/api/orders?limit={limit}");
        await response.AssertProblemAsync(HttpStatusCode.BadRequest, $"\"{limit}\"", "from 1 to 1000");
    }

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task Anothers_order_is_not_found_but_staff_sees_it(OrderDatabaseKind kind)
    {
        using var owner = orders.On(kind).As(_owner);
        var order = await owner.PlacedAsync();
        using var response = await orders.On(kind).As(RedisServers.Unique("other")).GetAsync($"/api/orders/{order.Id}");
        await response.AssertProblemAsync(HttpStatusCode.NotFound, $"There is no order {order.Id} that you may see");
        Assert.Equal(order, await orders.On(kind).As("sam", "staff").GetFromJsonAsync<OrderView>($"/api/orders/{order.Id}"));
    }

    [Theory]
    [InlineData("/api/orders/00000000-0000-0000-0000-000000000000")]
    [InlineData("/api/orders/no-id")]
    [InlineData("/api/nothing")]
    public async Task What_does_not_exist_is_not_found(string path)
    {
        using var response = await Owner.GetAsync(path);
        await response.AssertProblemAsync(HttpStatusCode.NotFound, "/api/orders");
    }

    public static TheoryData<object?, object?, string[]> BadOrders => new()
    {
        { null, 1, ["item is missing", "1 to 200 characters"] },
        { "", 1, ["item is blank", "1 to 200 characters"] },
        { new string('x', 201), 1, ["has 201 characters", "1 to 200 characters"] },
        { "a\u0007b", 1, ["control character U+0007", "without control characters"] },
        { "Tea", null, ["quantity is missing", "from 1 to 1000"] },
        { "Tea", 0, ["quantity is 0", "from 1 to 1000"] },
        { "Tea", 1001, ["quantity is 1001", "from 1 to 1000"] },
        { "Tea", 1.5, ["$.quantity", """{"item": "Coffee", "quantity": 2}"""] },
        { 7, 1, ["$.item", """{"item": "Coffee", "quantity": 2}"""] },
        { " ", -1, ["item is blank", "quantity is -1"] },
    };

    [Theory]
    [MemberData(nameof(BadOrders))]
    public async Task An_order_that_breaks_a_rule_is_refused_with_value_and_rule(object? item, object? quantity, string[] says)
    {
        using var response = await Owner.PlaceAsync(item, quantity);
        await response.AssertProblemAsync(HttpStatusCode.BadRequest, says);
        Assert.Empty(await Owner.ListAsync());
    }

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task The_longest_item_and_the_highest_quantity_are_accepted(OrderDatabaseKind kind)
    {
        using var owner = orders.On(kind).As(_owner);
        var order = await owner.PlacedAsync(new string('ü', 200), 1000);
        Assert.Equal((new string('ü', 200), 1000), (order.Item, order.Quantity));
    }

    [Theory]
    [InlineData("", "no body")]
    [InlineData("null", "no body, or null")]
    [InlineData("[]", "can't be read at $ (line 1")]
    [InlineData("{\"item\": \"Tea\",\n  \"quantity\": }", "can't be read at $.quantity (line 2")]
    [InlineData("{\"item\": \"\\ud800\", \"quantity\": 1}", "can't be read at $.item")]
    public async Task A_body_that_is_no_order_is_refused_with_the_place_and_an_example(string body, string says)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Owner.PostAsync("/api/orders", content);
        await response.AssertProblemAsync(HttpStatusCode.BadRequest, says, """{"item": "Coffee", "quantity": 2}""");
    }

    [Fact]
    public async Task Another_content_type_is_refused()
    {
        using var content = new StringContent("item=Tea", Encoding.UTF8, "text/plain");
        using var response = await Owner.PostAsync("/api/orders", content);
        await response.AssertProblemAsync(HttpStatusCode.UnsupportedMediaType, "text/plain", "application/json");
    }

    [Fact]
    public async Task A_user_id_that_can_name_no_stream_places_no_order()
    {
        using var response = await orders.Host.As("a user").PlaceAsync("Tea", 1);
        await response.AssertProblemAsync(HttpStatusCode.BadRequest, "sub", "1 to 128 characters");
    }

    public static TheoryData<string, string?> BadTokens => new()
    {
        { "none", null },
        { "garbage", "garbage" },
        { "expired", TestTokens.Create("alice", lifetime: TimeSpan.FromMinutes(-5)) },
        { "for another audience", TestTokens.Create("alice", audience: "others") },
        { "from another issuer", TestTokens.Create("alice", issuer: "others") },
        { "with another's signature", TestTokens.Create("alice", key: new string('x', 40)) },
    };

    [Theory]
    [MemberData(nameof(BadTokens))]
    public async Task Without_a_valid_token_nobody_is_let_in(string which, string? token)
    {
        using var response = await orders.Host.WithToken(token).GetAsync("/api/orders");
        await response.AssertProblemAsync(HttpStatusCode.Unauthorized, "Authorization: Bearer");
        Assert.True(response.Headers.WwwAuthenticate.Count == 1, $"A token {which} has to be challenged.");
    }
}
