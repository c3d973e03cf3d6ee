using System.Net;
using System.Net.Http.Json;
using Notifications.Tests.Messaging;
using Notifications.Tests.Redis;
using Xunit;

namespace Notifications.Tests.Orders;

public sealed class ChangeStatusTests(OrderServiceFixture orders) : IClassFixture<OrderServiceFixture>
{
    private static readonly string[] Statuses = ["Placed", "Paid", "Shipped", "Delivered", "Cancelled"];
    private static readonly (string From, string To)[] Allowed =
    [
        ("Placed", "Paid"), ("Placed", "Cancelled"), ("Paid", "Shipped"), ("Paid", "Cancelled"), ("Shipped", "Delivered"),
    ];

    private readonly string _owner = RedisServers.Unique("owner");

    public static TheoryData<OrderDatabaseKind, string, string, bool> Steps
    {
        get
        {
            var steps = new TheoryData<OrderDatabaseKind, string, string, bool>();
            foreach (var (from, to) in Statuses.SelectMany(from => Statuses.Select(to => (from, to))))
            {
                foreach (var kind in OrderDatabases.InstalledKinds)
                {
                    steps.Add(kind, from, to, Allowed.Contains((from, to)));
                }
            }

            return steps;
        }
    }

    private HttpClient Owner => orders.Host.As(_owner);

    private HttpClient Staff => StaffOn(OrderDatabaseKind.Sqlite);

    private HttpClient StaffOn(OrderDatabaseKind kind) => orders.On(kind).As(RedisServers.Unique("staff"), "staff");

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Staff_takes_an_order_through_the_allowed_steps_only(OrderDatabaseKind kind, string from, string to, bool allowed)
    {
        using var staff = StaffOn(kind);
        var order = await staff.PlacedAndMovedAsync(from);
        using var response = await staff.SetStatusAsync(order.Id, to);
        if (!allowed)
        {
            await response.AssertProblemAsync(HttpStatusCode.Conflict, $"is {from} and can't become {to}.");
            Assert.Equal(order, await staff.GetFromJsonAsync<OrderView>($"/api/orders/{order.Id}"));
            return;
        }

        var moved = await response.Content.ReadFromJsonAsync<OrderView>();
        Assert.Equal(order with { Status = to, UpdatedAt = moved!.UpdatedAt }, moved);
        Assert.True(moved.UpdatedAt > order.UpdatedAt);
        Assert.Equal(moved, await staff.GetFromJsonAsync<OrderView>($"/api/orders/{order.Id}"));
    }

    [Theory]
    [InlineData("Paid")]
    [InlineData("Shipped")]
    [InlineData("Delivered")]
    public async Task An_owner_may_not_move_his_order_on(string status)
    {
        var order = await Owner.PlacedAsync();
        using var response = await Owner.SetStatusAsync(order.Id, status);
        await response.AssertProblemAsync(HttpStatusCode.Forbidden, status, "\"staff\"", "Cancelled");
    }

    [Fact]
    public async Task An_owner_may_cancel_before_shipping_and_not_after()
    {
        var paid = await Owner.PlacedAsync();
        using var pay = await Staff.SetStatusAsync(paid.Id, "Paid");
        using var cancel = await Owner.SetStatusAsync(paid.Id, "Cancelled");
        Assert.Equal(HttpStatusCode.OK, cancel.StatusCode);

        var shipped = await orders.Host.As(_owner, "staff").PlacedAndMovedAsync("Shipped");
        using var late = await Owner.SetStatusAsync(shipped.Id, "Cancelled");
        await late.AssertProblemAsync(HttpStatusCode.Conflict, "is Shipped and can't become Cancelled", "Delivered");
    }

    [Fact]
    public async Task A_stranger_learns_nothing_about_an_order()
    {
        var order = await Owner.PlacedAsync();
        using var stranger = orders.Host.As(RedisServers.Unique("stranger"));
        using var existing = await stranger.SetStatusAsync(order.Id, "Cancelled");
        using var missing = await stranger.SetStatusAsync(Guid.NewGuid(), "Cancelled");
        await existing.AssertProblemAsync(HttpStatusCode.Forbidden, "your own orders");
        await missing.AssertProblemAsync(HttpStatusCode.Forbidden, "your own orders");
    }

    [Fact]
    public async Task Staff_is_told_that_an_order_does_not_exist()
    {
        using var response = await Staff.SetStatusAsync(Guid.NewGuid(), "Paid");
        await response.AssertProblemAsync(HttpStatusCode.NotFound, "There is no order");
    }

    [Theory]
    [InlineData("Lost")]
    [InlineData("1")]
    [InlineData("Placed, Paid")]
    [InlineData("")]
    [InlineData(null)]
    public async Task An_unknown_status_is_refused_with_the_list_of_those_that_there_are(string? status)
    {
        var order = await Owner.PlacedAsync();
        using var response = await Staff.SetStatusAsync(order.Id, status);
        await response.AssertProblemAsync(
            HttpStatusCode.BadRequest, status is null ? "is missing" : $"\"{status}\"", "Placed, Paid, Shipped, Delivered, Cancelled");
    }

    [Theory]
    [MemberData(nameof(OrderDatabases.Installed), MemberType = typeof(OrderDatabases))]
    public async Task Of_many_who_take_the_same_step_at_once_one_succeeds_and_one_notification_goes_out(OrderDatabaseKind kind)
    {
        var order = await orders.On(kind).As(_owner).PlacedAsync();
        using var staff = StaffOn(kind);
        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => staff.SetStatusAsync(order.Id, "Paid")));

        Assert.Equal(1, responses.Count(response => response.StatusCode == HttpStatusCode.OK));
        Assert.Equal(19, responses.Count(response => response.StatusCode == HttpStatusCode.Conflict));
        Array.ForEach(responses, response => response.Dispose());

        // What comes after it in the owner's stream shows that nothing else came before.
        using var ship = await staff.SetStatusAsync(order.Id, "Shipped");
        await using var messaging = TestMessaging.On(orders.Redis);
        Assert.Equal(
            [$"{order.Id:N}-1", $"{order.Id:N}-2", $"{order.Id:N}-3"],
            await messaging.Log.WaitForIdsAsync(_owner, ids => ids.Contains($"{order.Id:N}-3")));
    }
}
