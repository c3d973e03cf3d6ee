using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Notifications.Messaging;
using Notifications.OrderService.Outbox;

namespace Notifications.OrderService;

internal sealed class OrderDb(DbContextOptions<OrderDb> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    public DbSet<OutboxRow> Outbox => Set<OutboxRow>();

    public DbSet<OutboxClaim> OutboxClaims => Set<OutboxClaim>();

    public DbSet<RefusedRow> OutboxRefused => Set<RefusedRow>();

    /// <summary>An SQL expression for the time of the database's clock, in Unix milliseconds.</summary>
    public string DatabaseNow => Database.IsSqlite()
        ? "CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)"
        : "CAST(extract(epoch FROM now()) * 1000 AS bigint)";

    protected override void ConfigureConventions(ModelConfigurationBuilder configuration)
    {
        configuration.Properties<OrderStatus>().HaveConversion<string>().HaveMaxLength(16);
        configuration.Properties<DateTime>().HaveConversion<UtcConverter>();
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<Order>(order =>
        {
            order.Property(o => o.Id).ValueGeneratedNever();
            order.Property(o => o.Owner).HasMaxLength(StreamName.MaxIdLength);
            order.Property(o => o.Item).HasMaxLength(PlaceOrder.MaxItemLength);
            order.Property(o => o.Version).IsConcurrencyToken();
            order.HasIndex(o => new { o.Owner, o.CreatedAt });
            order.HasIndex(o => o.CreatedAt);
        });
        model.Entity<OutboxRow>(row =>
        {
            row.HasKey(r => r.Sequence);
            // EF Core takes a property named Id for a key. It is not the key here, so it has to be required explicitly.
            row.Property(r => r.Id).HasMaxLength(StreamName.MaxIdLength).IsRequired();
            row.Property(r => r.Stream).HasMaxLength(OutboxRow.MaxStreamLength);
            row.Property(r => r.TraceParent).HasMaxLength(OutboxRow.MaxTraceParentLength);
            row.HasIndex(r => new { r.Stream, r.Sequence });
        });
        model.Entity<OutboxClaim>(claim =>
        {
            claim.HasKey(c => c.Stream);
            claim.Property(c => c.Stream).HasMaxLength(OutboxRow.MaxStreamLength);
            claim.Property(c => c.Owner).HasMaxLength(32);
        });
        model.Entity<RefusedRow>(row =>
        {
            row.Property(r => r.Id).HasMaxLength(StreamName.MaxIdLength);
            row.Property(r => r.Stream).HasMaxLength(OutboxRow.MaxStreamLength);
            row.Property(r => r.TraceParent).HasMaxLength(OutboxRow.MaxTraceParentLength);
        });
    }

    // SQLite has no time zones, so a time that is read back would be taken for local time.
    private sealed class UtcConverter() : ValueConverter<DateTime, DateTime>(
        time => time, time => DateTime.SpecifyKind(time, DateTimeKind.Utc));
}
