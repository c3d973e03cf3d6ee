using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.Connections.Client;

namespace Notifications.Tests.WholeSystem;

/// <summary>A user with a token: what they may do through the gateway.</summary>
public sealed class SignedInUser(HttpClient http, string id, string token) : IDisposable
{
    public string Id => id;

    public string Token => token;

    public static async Task<SignedInUser> CreateAsync(HttpClient http, string user, string[] roles)
    {
        var response = await http.PostAsJsonAsync("/dev/token", new { user, roles });
        response.EnsureSuccessStatusCode();
        var token = (await response.Content.ReadFromJsonAsync<TokenResponse>())!.AccessToken;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new SignedInUser(http, user, token);
    }

    /// <returns>The new order's id.</returns>
    public async Task<string> PlaceOrderAsync(string item = "Teapot")
    {
        var response = await http.PostAsJsonAsync("/api/orders", new { item, quantity = 1 });
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<OrderResponse>())!.Id;
    }

    /// <summary>The user's log as JSON.</summary>
    public Task<string> NotificationsAsync() => http.GetStringAsync("/api/notifications");

    public async Task SetStatusAsync(string order, string status)
    {
        var response = await http.PutAsJsonAsync($"/api/orders/{order}/status", new { status });
        response.EnsureSuccessStatusCode();
    }

    /// <summary>With the role <c>publisher</c>.</summary>
    public async Task PublishAsync(string stream, string type, object payload)
    {
        var response = await http.PostAsJsonAsync("/api/notifications", new { stream, type, payload });
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Connects as a plain SignalR client, through the gateway like any other.</summary>
    public Task<HubClient> ConnectAsync(
        HttpTransportType transport = HttpTransportType.WebSockets, Action<HttpConnectionOptions>? configure = null, string? device = null) =>
        HubClient.ConnectAsync(
            http.BaseAddress!,
            options =>
            {
                options.Transports = transport;
                options.AccessTokenProvider = () => Task.FromResult<string?>(token);
                configure?.Invoke(options);
            },
            device);

    public void Dispose() => http.Dispose();

    private sealed record TokenResponse(string AccessToken);

    private sealed record OrderResponse(string Id);
}
