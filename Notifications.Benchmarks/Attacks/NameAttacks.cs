using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Notifications.Benchmarks.Attacks;

/// <summary>Names become part of Redis keys and channels, where these characters would mean something.</summary>
internal sealed class EscapingNames() : AttackScenario(
    "escaping-names",
    "Stream names, notification ids and device names with control characters, wildcards, braces and CR LF, by the APIs and the hub")
{
    /// <summary>Part of each, so that a key that one of them got into can be found.</summary>
    private const string Mark = "escaped";

    private static readonly string[] Endings =
        ["\0", "\u0001", "\n", "\r\nFLUSHALL\r\n", "\t", " ", "*", "?", "[a-z]", "{1}", "}", "{", ":{1}:x\u007f", "é", "\u202e", "\ud83d\ude00", "'", "\"", "`", ";", "%00", "\\", "(", "&", "#", new('x', 129)];

    public override async Task<string> RunAsync(AttackStage stage, CancellationToken cancellationToken)
    {
        using var http = stage.Http(stage.Token("attacker", "publisher"));
        await using var hub = stage.Hub("attacker", "laptop");
        await hub.StartAsync(cancellationToken);
        var count = 0;
        foreach (var ending in Endings)
        {
            var name = Mark + ending;
            foreach (var stream in (string[])[$"user:{name}", $"topic:{name}", name])
            {
                await RefusedAsync(stage, http.PostAsJsonAsync("/api/notifications", new { stream, type = "T", payload = 1 }, cancellationToken), "is no stream name", ending);
                await RefusedAsync(stage, () => hub.InvokeAsync("Subscribe", stream, null, cancellationToken), "is no stream name", ending);
                await RefusedAsync(stage, () => hub.InvokeAsync("Acknowledge", stream, "e", 1L, cancellationToken), "is no stream name", ending);
            }

            await RefusedAsync(stage, http.PostAsJsonAsync("/api/notifications", new { stream = "user:attacker", id = name, type = "T", payload = 1 }, cancellationToken), "The notification id has", ending);
            await RefusedAsync(stage, http.PostAsync($"/hubs/notifications/negotiate?negotiateVersion=1&device={Uri.EscapeDataString(name)}", null, cancellationToken), "The device name has", ending);
            await RefusedAsync(stage, http.PutAsJsonAsync($"/api/devices/{Uri.EscapeDataString(name)}", new { platform = "fcm", token = "x" }, cancellationToken), "", ending);
            count += 12;
        }

        await foreach (var key in stage.Cluster.RedisConnection.GetServers()[0].KeysAsync(pattern: $"*{Mark}*").WithCancellation(cancellationToken))
        {
            stage.Require(false, $"no such key in Redis, but {JsonSerializer.Serialize(key.ToString())}");
        }

        return $"400 or an error of the call to all {count}, which names the rule; no key in Redis has any of them";
    }

    private static async Task RefusedAsync(AttackStage stage, Task<HttpResponseMessage> request, string says, string ending)
    {
        using var answer = await request;
        var said = await answer.Content.ReadAsStringAsync();
        stage.Require(
            answer.StatusCode == HttpStatusCode.BadRequest && said.Contains(says, StringComparison.Ordinal),
            $"400 and \"{says}\" to {JsonSerializer.Serialize(ending)}, but {(int)answer.StatusCode} {said}");
    }

    private static async Task RefusedAsync(AttackStage stage, Func<Task> call, string says, string ending)
    {
        try
        {
            await call();
            stage.Require(false, $"\"{says}\" to {JsonSerializer.Serialize(ending)}, but it was taken");
        }
        catch (HubException exception)
        {
            stage.Require(exception.Message.Contains(says, StringComparison.Ordinal), $"\"{says}\" to {JsonSerializer.Serialize(ending)}, but \"{exception.Message}\"");
        }
    }
}
