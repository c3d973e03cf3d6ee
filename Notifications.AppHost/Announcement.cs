using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Notifications.AppHost;

/// <summary>Ends the start with the lines that a person looks for: addresses, and what was chosen and why.</summary>
internal static class Announcement
{
    public static void Announce(this IDistributedApplicationBuilder builder, string subject, string text) => builder.Announce(subject, () => text);

    /// <param name="builder">The model.</param>
    /// <param name="subject">What the line is about.</param>
    /// <param name="text">Asked for when the system runs, so that addresses are known.</param>
    public static void Announce(this IDistributedApplicationBuilder builder, string subject, Func<string> text) =>
        builder.Services.AddSingleton(new Line(subject, text));

    public static void AddAnnouncement(this IDistributedApplicationBuilder builder)
    {
        var hosting = typeof(Announcement).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Hosting").Value!;
        builder.Announce("Hosting", hosting);
        builder.Services.AddHostedService<Printer>();
    }

    private sealed record Line(string Subject, Func<string> Text);

    private sealed class Printer(ResourceNotificationService notifications, IEnumerable<Line> lines) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            var gateway = await notifications.WaitForResourceHealthyAsync("gateway", stoppingToken);
            var demoPage = gateway.Snapshot.Urls.First(url => !url.IsInternal).Url;
            var operatorPage = new Uri(new Uri(demoPage), "/operator").ToString();
            foreach (var line in lines.Prepend(new Line("Operator", () => operatorPage)).Prepend(new Line("Demo page", () => demoPage)))
            {
                Console.WriteLine($"{line.Subject + ":",-11}{line.Text()}");
            }
        }
    }
}
