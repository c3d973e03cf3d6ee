using System.Text.Json;
using System.Text.Json.Serialization;
using Notifications.Messaging.Redis;
using StackExchange.Redis;

namespace Notifications.Messaging.Registry;

/// <summary>One running hub process.</summary>
/// <param name="Id">Its name: unique among the running ones.</param>
/// <param name="Address">Where the gateway reaches it, such as <c>http://10.0.0.7:8080</c>.</param>
/// <param name="Draining">It keeps its connections and takes no new ones: it is going away, or can't hear of notifications just now.</param>
/// <param name="Transport">What it takes sessions over beside HTTP: the name of a protocol (Notifications.Transport/README.md). Null: HTTP alone.</param>
internal sealed record HubInstance(string Id, string Address, bool Draining, string? Transport = null);

/// <summary>A running hub process with what it says of itself.</summary>
/// <param name="Id">As of <see cref="HubInstance"/>.</param>
/// <param name="Address">As of <see cref="HubInstance"/>.</param>
/// <param name="Draining">As of <see cref="HubInstance"/>.</param>
/// <param name="Status">At its last refresh; null from one that says nothing.</param>
/// <param name="Transport">As of <see cref="HubInstance"/>.</param>
internal sealed record ObservedInstance(string Id, string Address, bool Draining, HubStatus? Status, string? Transport = null);

/// <summary>
/// The list of running hub instances in Redis. An entry lives as long as its instance refreshes it; Redis alone measures the
/// time, so the clocks of the machines do not matter.
/// </summary>
internal sealed class InstanceRegistry(IConnectionMultiplexer redis, RedisNames names)
{
    // Redis runs a script with this flag also where maxmemory is reached (Redis 7, "Script flags" in its documentation).
    private const string SetWhereFull = "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])";
    private const string AddWhereFull = "#!lua flags=allow-oom\nreturn redis.call('SADD', KEYS[1], ARGV[1])";

    /// <summary>Enters the instance, or refreshes it, for <paramref name="expiry"/>.</summary>
    public async Task RegisterAsync(HubInstance instance, TimeSpan expiry, HubStatus? status = null)
    {
        var database = redis.GetDatabase();
        var entry = new ObservedInstance(instance.Id, instance.Address, instance.Draining, status, instance.Transport);
        var json = JsonSerializer.Serialize(entry, RegistryJson.Default.ObservedInstance);
        try
        {
            // Entry first: a reader that finds an id without its entry takes the instance for dead and removes the id.
            await database.StringSetAsync(names.Instance(instance.Id), json, expiry);
            await database.SetAddAsync(names.Instances, instance.Id);
        }
        catch (RedisServerException exception) when (exception.Kind == RedisErrorKind.OutOfMemory)
        {
            // It serves on, and gateways have to know of it and whether it drains. Its entry is small and does not grow.
            await database.ScriptEvaluateAsync(SetWhereFull, [names.Instance(instance.Id)], [json, (long)expiry.TotalMilliseconds]);
            await database.ScriptEvaluateAsync(AddWhereFull, [names.Instances], [instance.Id]);
        }
    }

    public Task RemoveAsync(string id)
    {
        var database = redis.GetDatabase();
        return Task.WhenAll(database.SetRemoveAsync(names.Instances, id), database.KeyDeleteAsync(names.Instance(id)));
    }

    /// <summary>The running instances, by id. Those that did not refresh in time are gone from the list.</summary>
    public async Task<IReadOnlyList<HubInstance>> ListAsync(CancellationToken cancellationToken = default) =>
    [
        // Without the status, which changes all the time: gateways go by what is new in the list.
        .. (await ReadAsync(cancellationToken))
            .Select(entry => JsonSerializer.Deserialize(entry, RegistryJson.Default.HubInstance)!)
            .OrderBy(instance => instance.Id, StringComparer.Ordinal),
    ];

    /// <summary>The same with what each says of itself.</summary>
    public async Task<IReadOnlyList<ObservedInstance>> ObserveAsync(CancellationToken cancellationToken = default) =>
    [
        .. (await ReadAsync(cancellationToken))
            .Select(entry => JsonSerializer.Deserialize(entry, RegistryJson.Default.ObservedInstance)!)
            .OrderBy(instance => instance.Id, StringComparer.Ordinal),
    ];

    private async Task<IEnumerable<string>> ReadAsync(CancellationToken cancellationToken)
    {
        var database = redis.GetDatabase();
        var ids = await database.SetMembersAsync(names.Instances).WaitAsync(cancellationToken);
        if (ids.Length == 0)
        {
            return [];
        }

        var entries = await database.StringGetAsync(Array.ConvertAll(ids, id => names.Instance(id!))).WaitAsync(cancellationToken);
        var expired = ids.Where((_, i) => entries[i].IsNull).ToArray();
        if (expired.Length > 0)
        {
            // Where Redis takes no writes, none could refresh its entry, and this throws: better no list than one without them.
            await database.SetRemoveAsync(names.Instances, expired).WaitAsync(cancellationToken);
        }

        return entries.Where(entry => !entry.IsNull).Select(entry => (string)entry!);
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(HubInstance))]
[JsonSerializable(typeof(ObservedInstance))]
internal sealed partial class RegistryJson : JsonSerializerContext;
