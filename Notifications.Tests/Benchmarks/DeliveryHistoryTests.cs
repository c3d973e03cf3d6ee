using Notifications.Testing.History;
using Xunit;

namespace Notifications.Tests.Benchmarks;

/// <summary>The checker itself is checked: what it does not see, no run with it proves.</summary>
public sealed class DeliveryHistoryTests
{
    private const string Stream = "user:1";
    private const string Epoch = "e1";

    private readonly DeliveryHistory _history = new();

    [Fact]
    public void A_clean_history_is_green()
    {
        Publish(1, 2, 3);
        Deliver("phone", 1, 2, 3);
        Deliver("laptop", 1, 2, 3);

        AssertVerdict(new Counts(Published: 3, Delivered: 6), isGreen: true);
    }

    [Fact]
    public void A_publish_acknowledged_after_its_delivery_is_no_phantom()
    {
        Deliver("phone", 1);
        Publish(1);

        AssertVerdict(new Counts(Published: 1, Delivered: 1), isGreen: true);
    }

    [Fact]
    public void A_duplicate_is_red()
    {
        Publish(1, 2, 3);
        Deliver("phone", 1, 2, 2, 3);

        AssertVerdict(new Counts(Published: 3, Delivered: 4, Duplicated: 1));
    }

    [Fact]
    public void A_duplicate_that_comes_late_is_not_reordered_too()
    {
        Publish(1, 2, 3);
        Deliver("phone", 1, 2, 3, 1);

        AssertVerdict(new Counts(Published: 3, Delivered: 4, Duplicated: 1));
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(1, 3)]
    [InlineData(1, 2)]
    public void A_missing_one_is_red_wherever_it_was(params int[] delivered)
    {
        Publish(1, 2, 3);
        Deliver("phone", delivered);
        Deliver("laptop", 1, 2, 3);

        AssertVerdict(new Counts(Published: 3, Delivered: 5, Lost: 1));
    }

    [Fact]
    public void A_reader_that_got_nothing_lost_everything()
    {
        Publish(1, 2, 3);
        Deliver("phone");

        AssertVerdict(new Counts(Published: 3, Delivered: 0, Lost: 3));
    }

    [Fact]
    public void A_swapped_pair_is_red()
    {
        Publish(1, 2, 3, 4);
        Deliver("phone", 1, 3, 2, 4);

        AssertVerdict(new Counts(Published: 4, Delivered: 4, Reordered: 1));
    }

    [Fact]
    public void A_delivery_that_nobody_published_is_red()
    {
        Publish(1, 2);
        Deliver("phone", 1, 2, 3);

        AssertVerdict(new Counts(Published: 2, Delivered: 3, Phantom: 1));
    }

    [Fact]
    public void Another_id_than_was_published_at_the_place_is_a_phantom_and_the_right_one_lost()
    {
        Publish(1, 2);
        var reader = _history.AddReader("phone", Stream);
        reader.Delivered("id-1", Epoch, 1);
        reader.Delivered("another", Epoch, 2);

        AssertVerdict(new Counts(Published: 2, Delivered: 2, Lost: 1, Phantom: 1));
    }

    [Fact]
    public void The_same_id_at_a_second_place_is_a_phantom()
    {
        Publish(1, 2);
        var reader = Deliver("phone", 1, 2);
        reader.Delivered("id-2", Epoch, 3);

        AssertVerdict(new Counts(Published: 2, Delivered: 3, Phantom: 1));
    }

    [Fact]
    public void Two_ids_acknowledged_at_one_place_are_a_loss()
    {
        Publish(1);
        _history.Published(Stream, "another", Epoch, 1);
        _history.AddReader("phone", Stream).Delivered("another", Epoch, 1);

        AssertVerdict(new Counts(Published: 2, Delivered: 1, Lost: 1));
    }

    [Fact]
    public void Streams_are_kept_apart()
    {
        Publish(1);
        _history.Published("user:2", "of-another", Epoch, 1);
        Deliver("phone", 1);
        _history.AddReader("another's phone", "user:2").Delivered("of-another", Epoch, 1);

        AssertVerdict(new Counts(Published: 2, Delivered: 2), isGreen: true);
    }

    [Fact]
    public void What_lies_in_an_announced_gap_is_not_lost_and_what_lies_beside_it_is()
    {
        Publish(1, 2, 3, 4, 5, 6);
        var reader = Deliver("phone", 1);
        reader.GapAnnounced((Epoch, 1), (Epoch, 4));
        reader.Delivered("id-6", Epoch, 6);

        AssertVerdict(new Counts(Published: 6, Delivered: 2, Lost: 1, Gaps: 1, MissingInGaps: 3));
    }

    [Fact]
    public void A_gap_into_another_epoch_covers_the_rest_of_the_old_one_and_what_the_new_one_no_longer_has()
    {
        Publish(1, 2, 3);
        _history.Published(Stream, "new-1", "e2", 1);
        _history.Published(Stream, "new-2", "e2", 2);
        _history.Published(Stream, "new-3", "e2", 3);
        var reader = Deliver("phone", 1);
        reader.GapAnnounced((Epoch, 1), ("e2", 1));
        reader.Delivered("new-3", "e2", 3);

        AssertVerdict(new Counts(Published: 6, Delivered: 2, Lost: 1, Gaps: 1, MissingInGaps: 3));
    }

    [Fact]
    public void The_same_offset_in_another_epoch_is_no_duplicate_and_going_back_to_an_epoch_is_reordered()
    {
        Publish(1, 2);
        _history.Published(Stream, "new-1", "e2", 1);
        var reader = Deliver("phone", 1);
        reader.Delivered("new-1", "e2", 1);
        reader.Delivered("id-2", Epoch, 2);

        AssertVerdict(new Counts(Published: 3, Delivered: 3, Reordered: 1));
    }

    /// <summary>Spoils a clean history at random places, far enough from each other to count each on its own.</summary>
    [Fact]
    public void Any_mix_of_faults_is_counted_exactly()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var history = new DeliveryHistory();
            var spoilt = new Counts(Published: 0, Delivered: 0);
            for (var stream = 0; stream < 3; stream++)
            {
                var blocks = random.Next(1, 50);
                for (var offset = 1; offset <= blocks * 4; offset++)
                {
                    history.Published($"user:{stream}", $"id-{offset}", Epoch, offset);
                    spoilt = spoilt with { Published = spoilt.Published + 1 };
                }

                for (var device = 0; device < 2; device++)
                {
                    var reader = history.AddReader($"{stream}/{device}", $"user:{stream}");
                    for (var block = 0; block < blocks; block++)
                    {
                        spoilt = DeliverBlock(reader, block * 4, random.Next(6), spoilt);
                    }
                }
            }

            Assert.Equal(spoilt, Counts.Of(history.Check()));
        }
    }

    /// <summary>Four offsets after <paramref name="after"/>, with one kind of fault or none.</summary>
    private static Counts DeliverBlock(ReaderHistory reader, int after, int fault, Counts counts)
    {
        (int[] offsets, counts) = fault switch
        {
            0 => ([1, 2, 2, 3, 4], counts with { Duplicated = counts.Duplicated + 1 }),
            1 => ([1, 3, 4], counts with { Lost = counts.Lost + 1 }),
            2 => ([1, 3, 2, 4], counts with { Reordered = counts.Reordered + 1 }),
            3 => (new[] { 1, 2, 3, 4 }, counts with { Phantom = counts.Phantom + 1, Delivered = counts.Delivered + 1 }),
            _ => ([1, 2, 3, 4], counts),
        };
        if (fault == 3)
        {
            reader.Delivered("nobody's", Epoch, after + 1);
        }

        Array.ForEach(offsets, offset => reader.Delivered($"id-{after + offset}", Epoch, after + offset));
        return counts with { Delivered = counts.Delivered + offsets.Length };
    }

    private void Publish(params int[] offsets) =>
        Array.ForEach(offsets, offset => _history.Published(Stream, $"id-{offset}", Epoch, offset));

    private ReaderHistory Deliver(string device, params int[] offsets)
    {
        var reader = _history.AddReader(device, Stream);
        Array.ForEach(offsets, offset => reader.Delivered($"id-{offset}", Epoch, offset));
        return reader;
    }

    private void AssertVerdict(Counts counts, bool isGreen = false)
    {
        var verdict = _history.Check();
        Assert.Equal(counts, Counts.Of(verdict));
        Assert.Equal(isGreen, verdict.IsGreen);
    }

    private sealed record Counts(
        long Published, long Delivered, long Lost = 0, long Duplicated = 0, long Reordered = 0, long Phantom = 0, long Gaps = 0, long MissingInGaps = 0)
    {
        public static Counts Of(Verdict verdict) => new(
            verdict.Published, verdict.Delivered, verdict.Lost, verdict.Duplicated, verdict.Reordered, verdict.Phantom, verdict.Gaps, verdict.MissingInGaps);
    }
}
