using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Notifications.Hubs.Escalations;

/// <summary>
/// The partitions whose escalations this instance handles. All instances in the registry share the partitions, so the number of calls to Redis does not depend
/// on the number of instances. For a moment after an instance comes or goes, two instances may handle the same partition, or none does. Claims keep
/// them from sending twice, and waiting loses nothing.
/// </summary>
internal sealed class EscalationShare(InstanceRegistry registry, Instance instance, TimeProvider time)
{
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(2);

    private string[] _instances = [];
    private IReadOnlyList<int> _partitions = [];
    private long? _readAt;

    public async Task<IReadOnlyList<int>> PartitionsAsync()
    {
        if (_readAt is null || time.GetElapsedTime(_readAt.Value) > RefreshInterval)
        {
            var listed = await registry.ListAsync();
            string[] instances = [.. listed.Where(other => !other.Draining).Select(other => other.Id).Append(instance.Id).Distinct().Order(StringComparer.Ordinal)];
            if (!instances.SequenceEqual(_instances))
            {
                (_instances, _partitions) = (instances, Of(instance.Id, instances));
            }

            _readAt = time.GetTimestamp();
        }

        return _partitions;
    }

    /// <summary>Rendezvous hashing: when an instance goes, only its partitions move. They spread over all instances that stay.</summary>
    public static IReadOnlyList<int> Of(string id, IReadOnlyList<string> instances) =>
        [.. RedisNames.AllPartitions.Where(partition => instances.MaxBy(other => Weight(other, partition)) == id)];

    private static ulong Weight(string id, int partition) =>
        BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{partition} {id}")));
}
