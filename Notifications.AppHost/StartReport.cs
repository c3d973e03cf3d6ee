using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Notifications.AppHost;

/// <summary>
/// The report on the console for the person who starts the system. It names each resource when it becomes ready. At the end it shows the addresses,
/// the Redis that is used and why, and how to stop the system. For a resource that fails before that, it shows the last lines of the log.
/// </summary>
internal static partial class StartReport
{
    /// <summary>Adds a line to the block at the end of the report.</summary>
    public static void Report(this IDistributedApplicationBuilder builder, string subject, string text) =>
        builder.Services.AddSingleton(new Line(subject, text));

    public static void AddStartReport(this IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> gateway)
    {
        if (builder.ExecutionContext.IsRunMode)
        {
            var address = gateway.GetEndpoint("http");
            // Inserted before Aspire's own services, whose start returns only when everything has started.
            builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(services => ActivatorUtilities.CreateInstance<Reporter>(services, address)));
        }
    }

    private sealed record Line(string Subject, string Text);

    private sealed partial class Reporter(
        EndpointReference gateway, ResourceNotificationService resources, ResourceLoggerService logs, DistributedApplicationModel model,
        IConfiguration configuration, IEnumerable<Line> lines, IHostApplicationLifetime lifetime) : BackgroundService
    {
        private const string Ready = "ready";
        private const int LogLines = 15;
        private static readonly TimeSpan LogLimit = TimeSpan.FromSeconds(2);

        private readonly Dictionary<string, string?> _outcomes = [];
        private readonly HashSet<string> _explained = [];

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            // ApplicationStopping comes before the host's token. Resources that end after it were stopped and did not fail.
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
            await ReportAsync(stopping.Token);
        }

        private async Task ReportAsync(CancellationToken stoppingToken)
        {
            var awaited = model.GetProjectResources().ToDictionary(project => (IResource)project, project => project.GetReplicaCount());
            Say($"Starting {string.Join(", ", awaited.Select(project => Counted(project.Key.Name, project.Value)))}. This takes half a minute, longer on a busy machine.");
            await foreach (var change in resources.WatchAsync(stoppingToken))
            {
                var outcome = OutcomeOf(change.Snapshot);
                if (!awaited.ContainsKey(change.Resource) || _outcomes.GetValueOrDefault(change.ResourceId) == outcome)
                {
                    continue;
                }

                _outcomes[change.ResourceId] = outcome;
                if (outcome == Ready)
                {
                    Say($"  {change.ResourceId} is ready");
                }
                else if (outcome is not null)
                {
                    await SayWhyAsync(change, outcome, stoppingToken);
                }

                if (_outcomes.Values.Count(each => each == Ready) == awaited.Values.Sum())
                {
                    SayWhere();
                    return;
                }
            }
        }

        private static string Counted(string name, int replicas) => replicas > 1 ? $"{name} × {replicas}" : name;

        /// <returns>Null while the resource is still starting.</returns>
        private static string? OutcomeOf(CustomResourceSnapshot snapshot) =>
            snapshot.State?.Text is not { } state ? null
            : KnownResourceStates.TerminalStates.Contains(state) ? snapshot.ExitCode is { } code ? $"{state}, exit code {code}" : state
            : state == KnownResourceStates.Running && snapshot.HealthStatus == HealthStatus.Healthy ? Ready
            : null;

        private async Task SayWhyAsync(ResourceEvent change, string outcome, CancellationToken stoppingToken)
        {
            // Replicas of one resource fail for the same reason, so only the log of the first is shown.
            if (!_explained.Add(change.Resource.Name))
            {
                Say($"  {change.ResourceId} did not start: {outcome}.");
                return;
            }

            var log = new List<string>();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            limit.CancelAfter(LogLimit);
            try
            {
                await foreach (var batch in logs.GetAllAsync(change.ResourceId).WithCancellation(limit.Token))
                {
                    log.AddRange(batch.Select(line => Decoration().Replace(line.Content, "")));
                }
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                // The time is over: show the lines that have come.
            }

            Say($"  {change.ResourceId} did not start: {outcome}. The end of its log, without stack frames:");
            log.Where(line => !StackFrame().IsMatch(line)).TakeLast(LogLines).ToList().ForEach(line => Say($"    {line}"));
            Say($"  The dashboard has all of it: {DashboardAddress.LoginUrl(configuration)}. Ctrl-C stops the system.");
        }

        private void SayWhere()
        {
            Line[] block =
            [
                new("Demo page", gateway.Url),
                new("Operator", $"{gateway.Url}/operator"),
                new("Dashboard", DashboardAddress.LoginUrl(configuration)),
                .. lines,
                new("Stop", "Ctrl-C"),
            ];
            Say("");
            foreach (var (subject, text) in block)
            {
                Say($"{subject + ":",-11}{text}");
            }
        }

        private static void Say(string line) => Console.WriteLine(line);

        /// <summary>Matches the orchestrator's timestamp before a line, and colours.</summary>
        [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\S+ |\x1B\[[0-9;]*m")]
        private static partial Regex Decoration();

        [GeneratedRegex(@"^\s*(at |--- End of |\[sys\] )")]
        private static partial Regex StackFrame();
    }
}
