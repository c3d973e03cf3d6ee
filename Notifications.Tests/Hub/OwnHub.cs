using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.SignalR;
using Notifications.Hubs;
using Notifications.Tests.Gateway;

namespace Notifications.Tests.Hub;

/// <summary>A hub class of an adopter's own.</summary>
internal sealed class OwnHub(Instance instance) : Microsoft.AspNetCore.SignalR.Hub
{
    public const string Path = RunningGateway.OtherHubPath;

    public string Instance() => instance.Id;

    public Task Join(string group) => Groups.AddToGroupAsync(Context.ConnectionId, group);

    public Task SayToAll(string text) => Clients.All.SendAsync("said", new Said(text, 0));

    public string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    /// <summary>A name that NotificationHub has too, with other arguments.</summary>
    public string Subscribe(string name) => name;

    public string Acknowledge() => "done";

    public async Task<int> Sum(IAsyncEnumerable<int> numbers) => await numbers.SumAsync();

    public async IAsyncEnumerable<int> Count(int to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var number = 1; number <= to; number++)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return number;
        }
    }
}

public sealed record Said(string Text, int Number);
