using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Notifications.Messaging.Registry;
using Notifications.Tests.Messaging;
using StackExchange.Redis;
using Xunit;

namespace Notifications.Tests.WholeSystem;

/// <summary>With a system of its own: it takes a replica away from under its clients.</summary>
[Collection(OwnSystem.Name)]
public sealed class ReplicaLossTests(RunningSystem system) : ReplicaLoss(system), IClassFixture<RunningSystem>;

/// <inheritdoc cref="ReplicaLossTests"/>
[Collection(OwnSystem.Name)]
public sealed class PlainReplicaLossTests(PlainSystem system) : ReplicaLoss(system), IClassFixture<PlainSystem>;

/// <summary>What holds however sessions go between gateway and hub.</summary>
public abstract class ReplicaLoss(RunningSystem system)
{
    private const int Replicas = 3;
    private const int Users = 12;

    /// <summary>The registry's default expiry and one poll of the gateway.</summary>
    private static readonly TimeSpan DropLimit = TimeSpan.FromSeconds(5 + 1.25);

    [Fact]
    public async Task Clients_of_a_killed_replica_come_back_on_the_others_and_a_new_one_takes_traffic()
    {
        var users = await Task.WhenAll(Enumerable.Range(0, Users).Select(i => system.SignInAsync($"survivor-{i}")));
        var clients = await Task.WhenAll(users.Select(user => user.ConnectAsync()));
        var victim = (await Replica.ReadyAsync(system.App, "hub", Replicas))[0];
        var before = await Task.WhenAll(clients.Select(client => client.InstanceAsync()));
        Assert.Contains(victim.Instance, before);

        await victim.KillAsync();

        await Eventually.True(
            async () =>
            {
                var now = await Task.WhenAll(clients.Select(InstanceOrNullAsync));
                return now.All(instance => instance is not null && instance != victim.Instance);
            },
            "every client to be connected to one of the other replicas");
        var orders = await Task.WhenAll(users.Select(user => user.PlaceOrderAsync()));
        await Eventually.True(
            () => clients.Zip(orders).All(pair => pair.First.Received.Any(received => received.Order() == pair.Second)),
            "every user's order to be announced to them");

        await RegistryHasAsync(instances => instances.Count == Replicas - 1 && instances.All(instance => instance.Id != victim.Instance), $"to drop {victim.Instance}", DropLimit);
        for (var i = 0; i < Users; i++)
        {
            await using var fresh = await users[i].ConnectAsync();
            Assert.NotEqual(victim.Instance, await fresh.InstanceAsync());
        }

        var survivors = (await Task.WhenAll(clients.Select(client => client.InstanceAsync()))).ToHashSet();
        var started = await system.App.ResourceCommands.ExecuteCommandAsync(victim.ResourceId, KnownResourceCommands.StartCommand);
        Assert.True(started.Success, started.Message);
        await RegistryHasAsync(instances => instances.Count == Replicas, "to have the new replica", RunningSystem.StartLimit);
        var attempts = 0;
        await Eventually.True(
            async () =>
            {
                // Each user may come so often only.
                await using var fresh = await users[attempts++ % Users].ConnectAsync();
                return !survivors.Contains(await fresh.InstanceAsync());
            },
            "a new connection to be given to the new replica");

        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    private static async Task<string?> InstanceOrNullAsync(HubClient client)
    {
        try
        {
            return client.State == HubConnectionState.Connected ? await client.InstanceAsync() : null;
        }
        catch (Exception lost) when (lost is not HubException)
        {
            // It lost its connection between the look and the answer, in one of many ways.
            return null;
        }
    }

    private async Task RegistryHasAsync(Func<IReadOnlyCollection<HubInstance>, bool> what, string change, TimeSpan limit)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync((await system.App.GetConnectionStringAsync("redis"))!);
        await using var messaging = TestMessaging.On(redis);
        await Eventually.True(async () => what(await messaging.Registry.ListAsync()), $"the registry {change}", limit);
    }
}
