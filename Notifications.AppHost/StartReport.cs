using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Notifications.AppHost;

/// <summary>
/// What the person who starts the system reads: each resource as it becomes ready, then one block with the addresses, which Redis it runs on
/// and why, and how to stop it. A resource that fails before that is named, with the last lines of its log.
/// </summary>
internal static partial class StartReport
{
    /// <summary>A line of the closing block.</summary>
    public static void Report(this IDistributedApplicationBuilder builder, string subject, string text) =>
        builder.Services.AddSingleton(new Line(subject, text));

    public static void AddStartReport(this IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> gateway)
    {
        if (builder.ExecutionContext.IsRunMode)
        {
            var address = gateway.GetEndpoint("http");
            // Before Aspire's own, which return when everything has started.
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
            // Earlier than the host's token: what ends then ends because it is to.
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

        /// <returns>Null while it is on its way.</returns>
        private static string? OutcomeOf(CustomResourceSnapshot snapshot) =>
            snapshot.State?.Text is not { } state ? null
            : KnownResourceStates.TerminalStates.Contains(state) ? snapshot.ExitCode is { } code ? $"{state}, exit code {code}" : state
            : state == KnownResourceStates.Running && snapshot.HealthStatus == HealthStatus.Healthy ? Ready
            : null;

        private async Task SayWhyAsync(ResourceEvent change, string outcome, CancellationToken stoppingToken)
        {
            // Replicas of one resource fail alike: the log of the first tells why.
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
                // What has come is what there is to show.
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

        /// <summary>The orchestrator's timestamp before a line, and colours.</summary>
        [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\S+ |\x1B\[[0-9;]*m")]
        private static partial Regex Decoration();

        [GeneratedRegex(@"^\s*(at |--- End of |\[sys\] )")]
        private static partial Regex StackFrame();
    }
}
