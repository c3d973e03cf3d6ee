using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Notifications.OrderService;

internal sealed class OrderDb(DbContextOptions<OrderDb> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configuration)
    {
        configuration.Properties<OrderStatus>().HaveConversion<string>().HaveMaxLength(16);
        configuration.Properties<DateTime>().HaveConversion<UtcConverter>();
    }

    protected override void OnModelCreating(ModelBuilder model) => model.Entity<Order>(order =>
    {
        order.Property(o => o.Id).ValueGeneratedNever();
        order.Property(o => o.Owner).HasMaxLength(Messaging.StreamName.MaxIdLength);
        order.Property(o => o.Item).HasMaxLength(PlaceOrder.MaxItemLength);
        order.Property(o => o.Version).IsConcurrencyToken();
        order.HasIndex(o => new { o.Owner, o.CreatedAt });
        order.HasIndex(o => o.CreatedAt);
    });

    // SQLite has no time zones: what it reads back would pass for local time.
    private sealed class UtcConverter() : ValueConverter<DateTime, DateTime>(
        time => time, time => DateTime.SpecifyKind(time, DateTimeKind.Utc));
}
