using Aspire.Hosting.Testing;
using Notifications.Messaging.Registry;
using Notifications.Tests.Messaging;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.WholeSystem;

/// <summary>The commands in a hub replica's row of the dashboard.</summary>
[Collection(OneSystem.Name)]
public sealed class DrainCommandTests(RunningSystem system)
{
    private const int Replicas = 3;

    [Fact]
    public async Task A_hub_replica_is_drained_and_taken_back_from_its_row_in_the_dashboard()
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync((await system.App.GetConnectionStringAsync("redis"))!);
        await using var messaging = TestMessaging.On(redis);
        var hubs = await Replica.ReadyAsync(system.App, "hub", Replicas);
        var hub = hubs[1];

        await RunAsync("drain", hub);
        await Eventually.True(async () => await DrainingAsync(messaging.Registry) is [var only] && only == hub.Instance, "that hub and no other to drain");

        await RunAsync("take-back", hub);
        await Eventually.True(async () => await DrainingAsync(messaging.Registry) is [], "no hub to drain");
    }

    private async Task RunAsync(string command, Replica hub)
    {
        var result = await system.App.ResourceCommands.ExecuteCommandAsync(hub.ResourceId, command);
        Assert.True(result.Success, result.Message);
    }

    private static async Task<string[]> DrainingAsync(InstanceRegistry registry) =>
        [.. (await registry.ListAsync()).Where(instance => instance.Draining).Select(instance => instance.Id)];
}
