using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Notifications.AppHost;

/// <summary>Commands for one hub replica in its row of the dashboard. They do the same as the drain switch on the operator's page.</summary>
internal static class HubCommands
{
    private static readonly HttpClient Http = new();

    /// <summary>
    /// Adds "Drain" and "Take back". They call the operator's API through the gateway. Their token exists in Development only, and so do the commands.
    /// </summary>
    public static void WithDrainCommands(this IResourceBuilder<ProjectResource> hub, IResourceBuilder<ProjectResource> gateway)
    {
        if (!hub.ApplicationBuilder.ExecutionContext.IsRunMode || !hub.ApplicationBuilder.Environment.IsDevelopment())
        {
            return;
        }

        var endpoint = gateway.GetEndpoint("http");
        hub.WithCommand(
            "drain", "Drain", context => SwitchAsync(endpoint, HttpMethod.Put, context),
            Options("ArrowExit", "Takes no new sessions and moves its clients to the other replicas."));
        hub.WithCommand(
            "take-back", "Take back", context => SwitchAsync(endpoint, HttpMethod.Delete, context),
            Options("ArrowEnter", "Takes new sessions again."));
    }

    private static CommandOptions Options(string icon, string description) => new()
    {
        IconName = icon,
        Description = description,
        UpdateState = context => context.ResourceSnapshot.HealthStatus == HealthStatus.Healthy ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
    };

    private static async Task<ExecuteCommandResult> SwitchAsync(EndpointReference gateway, HttpMethod method, ExecuteCommandContext context)
    {
        // A replica's resource is named hub-<instance>.
        var instance = context.ResourceName[(context.ResourceName.LastIndexOf('-') + 1)..];
        try
        {
            using var signIn = await Http.PostAsJsonAsync($"{gateway.Url}/dev/token", new { user = "dashboard", roles = new[] { "operator" } }, context.CancellationToken);
            signIn.EnsureSuccessStatusCode();
            var token = await signIn.Content.ReadFromJsonAsync<Token>(context.CancellationToken);
            using var request = new HttpRequestMessage(method, $"{gateway.Url}/api/operator/instances/{instance}/drain");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token!.AccessToken);
            using var answer = await Http.SendAsync(request, context.CancellationToken);
            return answer.IsSuccessStatusCode
                ? CommandResults.Success()
                : CommandResults.Failure((await answer.Content.ReadFromJsonAsync<Problem>(context.CancellationToken))?.Detail ?? $"The gateway answered {(int)answer.StatusCode}.");
        }
        catch (HttpRequestException problem)
        {
            return CommandResults.Failure($"The gateway did not answer: {problem.Message}");
        }
    }

    private sealed record Token(string AccessToken);

    private sealed record Problem(string? Detail);
}
