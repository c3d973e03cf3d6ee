using Microsoft.Extensions.Time.Testing;
using Notifications.Hubs.Delivery;
using Xunit;

namespace Notifications.Tests.Hub;

public sealed class DeliveryPaceTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void It_tells_of_the_last_seconds_and_forgets_what_was_before()
    {
        var pace = new DeliveryPace(_time);
        Assert.Equal(new PaceReading(0, null, null), pace.Read());
        for (var i = 0; i < 100; i++)
        {
            pace.Delivered(TimeSpan.FromMilliseconds(i == 99 ? 400 : 0.3));
        }

        pace.Delivered(lag: null);
        _time.Advance(TimeSpan.FromSeconds(2));
        // 400 ms are told as the end of their step, 384 to 448.
        Assert.Equal(new PaceReading(50.5, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(448)), pace.Read());

        for (var second = 0; second < 10; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            pace.Read();
        }

        Assert.Equal(new PaceReading(0, null, null), pace.Read());
    }

    [Theory]
    [InlineData(-5, 1)]
    [InlineData(0, 1)]
    [InlineData(3, 4)]
    [InlineData(4, 5)]
    [InlineData(7, 8)]
    [InlineData(8, 10)]
    [InlineData(1_000, 1_024)]
    [InlineData(1_024, 1_280)]
    [InlineData(86_400_000, 8_388_608)]
    public void A_lag_is_told_as_the_end_of_its_step_which_is_no_more_than_a_quarter_later(double milliseconds, double told)
    {
        var pace = new DeliveryPace(_time);
        pace.Delivered(TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(TimeSpan.FromMilliseconds(told), pace.Read().LagP99);
    }
}
