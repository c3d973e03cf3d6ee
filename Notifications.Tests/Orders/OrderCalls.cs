using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace Notifications.Tests.Orders;

/// <summary>An order as a client of the API reads it.</summary>
public sealed record OrderView(
    Guid Id, string Owner, string Item, int Quantity, string Status, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>The calls of the orders API, as a client makes them.</summary>
internal static class OrderCalls
{
    private static readonly string[] Path = ["Placed", "Paid", "Shipped", "Delivered"];

    public static Task<HttpResponseMessage> PlaceAsync(this HttpClient client, object? item, object? quantity) =>
        client.PostAsJsonAsync("/api/orders", new { item, quantity });

    public static async Task<OrderView> PlacedAsync(this HttpClient client, string item = "Coffee", int quantity = 2)
    {
        using var response = await client.PlaceAsync(item, quantity);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<OrderView>())!;
    }

    public static async Task<OrderView[]> ListAsync(this HttpClient client, string query = "") =>
        (await client.GetFromJsonAsync<OrderView[]>($"/api/orders{query}"))!;

    public static Task<HttpResponseMessage> SetStatusAsync(this HttpClient client, Guid id, string? status) =>
        client.PutAsJsonAsync($"/api/orders/{id}/status", new { status });

    /// <summary>Moves a new order of the caller on to <paramref name="status"/>, step by step.</summary>
    public static async Task<OrderView> PlacedAndMovedAsync(this HttpClient staff, string status)
    {
        var order = await staff.PlacedAsync();
        var steps = status == "Cancelled" ? [status] : Path[1..(Array.IndexOf(Path, status) + 1)];
        foreach (var step in steps)
        {
            using var response = await staff.SetStatusAsync(order.Id, step);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            order = (await response.Content.ReadFromJsonAsync<OrderView>())!;
        }

        return order;
    }

    /// <summary>Asserts an RFC 9457 body with this status whose detail says all of <paramref name="says"/>.</summary>
    public static async Task AssertProblemAsync(this HttpResponseMessage response, HttpStatusCode status, params string[] says)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStreamAsync());
        Assert.Equal((int)status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.NotEqual("", problem.RootElement.GetProperty("title").GetString());
        var detail = problem.RootElement.GetProperty("detail").GetString()!;
        Assert.All(says, part => Assert.Contains(part, detail, StringComparison.Ordinal));
    }
}
