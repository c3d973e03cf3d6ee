using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Notifications.Tests.Tokens;

/// <summary>Long polling request by request, each with a token of its own. The <see cref="HttpClient"/> keeps the cookies.</summary>
internal sealed class PolledSession(HttpClient http, string id)
{
    private const string Hub = "/hubs/notifications";

    /// <summary>What its requests name it by.</summary>
    public string Id => id;

    /// <summary>What the hub knows it by: the gateway has added the instance to it.</summary>
    public string IdAtHub => id.Split('.')[0];

    public static async Task<PolledSession> BeginAsync(HttpClient http, string token)
    {
        using var answer = await SendAsync(http, HttpMethod.Post, "/negotiate?negotiateVersion=1", token);
        answer.EnsureSuccessStatusCode();
        var id = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("connectionToken").GetString()!;
        var session = new PolledSession(http, id);
        Assert.Equal(HttpStatusCode.OK, (await session.PollAsync(token)).Status);
        using var taken = await SendAsync(http, HttpMethod.Post, $"?id={id}", token, "{\"protocol\":\"json\",\"version\":1}\u001e");
        taken.EnsureSuccessStatusCode();
        return session;
    }

    public async Task<(HttpStatusCode Status, string Body)> PollAsync(string token)
    {
        using var answer = await SendAsync(http, HttpMethod.Get, $"?id={id}", token);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async Task EndAsync(string token)
    {
        using var answer = await SendAsync(http, HttpMethod.Delete, $"?id={id}", token);
        answer.EnsureSuccessStatusCode();
    }

    public static async Task<HttpResponseMessage> SendAsync(HttpClient http, HttpMethod method, string rest, string token, string? body = null)
    {
        using var request = new HttpRequestMessage(method, Hub + rest)
        {
            Headers = { Authorization = new("Bearer", token) },
            Content = body is null ? null : new StringContent(body, Encoding.UTF8),
        };
        return await http.SendAsync(request);
    }
}
