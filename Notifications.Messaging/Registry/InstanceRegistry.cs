using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Registry;

/// <summary>One running hub process.</summary>
/// <param name="Id">Its name, unique among the running instances.</param>
/// <param name="Address">The address at which the gateway reaches it, such as <c>http://10.0.0.7:8080</c>.</param>
/// <param name="Draining">It keeps its connections and takes no new ones: it is drained, stops, or does not hear notifications at the moment.</param>
/// <param name="Transport">The protocol over which it takes sessions beside HTTP (Notifications.Transport/README.md); null: HTTP only.</param>
internal sealed record HubInstance(string Id, string Address, bool Draining, string? Transport = null);

/// <summary>A <see cref="HubInstance"/> and its report about itself at its last refresh; null: it reports nothing.</summary>
internal sealed record ObservedInstance(string Id, string Address, bool Draining, HubStatus? Status, string? Transport = null);

/// <summary>
/// The list of running hub instances in Redis. An entry lives as long as its instance refreshes it. Only Redis measures the time, so the clocks of the machines
/// do not matter.
/// </summary>
internal sealed class InstanceRegistry(IConnectionMultiplexer redis, RedisNames names)
{
    // With this flag Redis runs a script even when maxmemory is reached (Redis 7, "Script flags" in its documentation).
    private const string SetWhereFull = "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])";
    private const string AddWhereFull = "#!lua flags=allow-oom\nreturn redis.call('SADD', KEYS[1], ARGV[1])";

    /// <summary>Enters the instance into the registry, or refreshes its entry. The entry lives for <paramref name="expiry"/>.</summary>
    public async Task RegisterAsync(HubInstance instance, TimeSpan expiry, HubStatus? status = null)
    {
        var database = redis.GetDatabase();
        var entry = new ObservedInstance(instance.Id, instance.Address, instance.Draining, status, instance.Transport);
        var json = JsonSerializer.Serialize(entry, RegistryJson.Default.ObservedInstance);
        try
        {
            // The entry is written first. A reader that finds an id without its entry takes the instance for dead and removes the id.
            await database.StringSetAsync(names.Instance(instance.Id), json, expiry);
            await database.SetAddAsync(names.Instances, instance.Id);
        }
        catch (RedisServerException exception) when (exception.Kind == RedisErrorKind.OutOfMemory)
        {
            // The instance still serves. Gateways have to know it, and whether it drains. Its entry is small and does not grow.
            await database.ScriptEvaluateAsync(SetWhereFull, [names.Instance(instance.Id)], [json, (long)expiry.TotalMilliseconds]);
            await database.ScriptEvaluateAsync(AddWhereFull, [names.Instances], [instance.Id]);
        }
    }

    public Task RemoveAsync(string id)
    {
        var database = redis.GetDatabase();
        return Task.WhenAll(database.SetRemoveAsync(names.Instances, id), database.KeyDeleteAsync(names.Instance(id)));
    }

    /// <summary>The running instances, ordered by id. Instances that did not refresh their entry in time are removed.</summary>
    /// <remarks>Without the status, which changes all the time: gateways act when the list changes.</remarks>
    public Task<IReadOnlyList<HubInstance>> ListAsync(CancellationToken cancellationToken = default) =>
        ReadAsync(RegistryJson.Default.HubInstance, cancellationToken);

    /// <summary>The same, with the report of each instance about itself.</summary>
    public Task<IReadOnlyList<ObservedInstance>> ObserveAsync(CancellationToken cancellationToken = default) =>
        ReadAsync(RegistryJson.Default.ObservedInstance, cancellationToken);

    private async Task<IReadOnlyList<T>> ReadAsync<T>(JsonTypeInfo<T> form, CancellationToken cancellationToken)
    {
        var database = redis.GetDatabase();
        var members = await database.SetMembersAsync(names.Instances).WaitAsync(cancellationToken);
        var ids = members.OrderBy(id => (string)id!, StringComparer.Ordinal).ToArray();
        var entries = await database.StringGetAsync(Array.ConvertAll(ids, id => names.Instance(id!))).WaitAsync(cancellationToken);
        var expired = ids.Where((_, i) => entries[i].IsNull).ToArray();
        if (expired.Length > 0)
        {
            // If Redis takes no writes, no instance could refresh its entry, and this call throws. No list is better than a list without those instances.
            await database.SetRemoveAsync(names.Instances, expired).WaitAsync(cancellationToken);
        }

        return [.. entries.Where(entry => !entry.IsNull).Select(entry => JsonSerializer.Deserialize((string)entry!, form)!)];
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(HubInstance))]
[JsonSerializable(typeof(ObservedInstance))]
internal sealed partial class RegistryJson : JsonSerializerContext;
