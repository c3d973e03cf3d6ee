using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Notifications.Tests.Hosting;

public sealed class IdleMemoryTests : IAsyncLifetime
{
    private const long Megabyte = 1024 * 1024;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly IdleMemory _memory;
    private long _allocated;
    private int _looks;
    private int _collections;

    public IdleMemoryTests() => _memory = new IdleMemory(_time, Look, () => _collections++);

    public Task InitializeAsync() => _memory.StartAsync(CancellationToken.None);

    public async Task DisposeAsync()
    {
        await _memory.StopAsync(CancellationToken.None);
        _memory.Dispose();
    }

    [Fact]
    public async Task One_collection_three_quiet_seconds_after_a_rush()
    {
        await PassAsync(10 * Megabyte, seconds: 5);
        await PassAsync(Megabyte / 2, seconds: 2);
        Assert.Equal(0, _collections);

        await PassAsync(Megabyte / 2, seconds: 20);

        Assert.Equal(1, _collections);
    }

    [Fact]
    public async Task None_while_it_is_busy()
    {
        await PassAsync(2 * Megabyte, seconds: 60);

        Assert.Equal(0, _collections);
    }

    [Fact]
    public async Task None_for_a_trickle_however_long()
    {
        await PassAsync(Megabyte / 2, seconds: 300);

        Assert.Equal(0, _collections);
    }

    [Fact]
    public async Task None_for_what_is_not_worth_it()
    {
        await PassAsync(10 * Megabyte, seconds: 3);
        await PassAsync(0, seconds: 60);

        Assert.Equal(0, _collections);
    }

    [Fact]
    public async Task A_busy_second_begins_the_quiet_anew()
    {
        await PassAsync(10 * Megabyte, seconds: 5);
        for (var turn = 0; turn < 5; turn++)
        {
            await PassAsync(0, seconds: 2);
            await PassAsync(10 * Megabyte, seconds: 1);
        }

        Assert.Equal(0, _collections);
    }

    private long Look()
    {
        Interlocked.Increment(ref _looks);
        return Volatile.Read(ref _allocated);
    }

    private async Task PassAsync(long bytes, int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            Volatile.Write(ref _allocated, _allocated + bytes);
            var looks = Volatile.Read(ref _looks);
            _time.Advance(Second);
            await Eventually.True(() => Volatile.Read(ref _looks) > looks, "the next look at what was allocated");
        }
    }
}
