namespace Aspire.Hosting.Testing;

/// <summary>
/// Runs the AppHost's own entry point for a test: the builder that it fills is handed to the test before it is built, and the
/// application after.
/// </summary>
internal sealed class TestingSession
{
    public const string RandomizePortsKey = "DcpPublisher:RandomizePorts";
    private static readonly AsyncLocal<TestingSession?> CurrentSession = new();

    private readonly TaskCompletionSource<DistributedApplicationBuilder> _builder = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DistributedApplication> _application = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _build = new(0);

    /// <summary>The session whose entry point calls, or null where the AppHost runs by itself.</summary>
    public static TestingSession? Current => CurrentSession.Value;

    /// <summary>What a launch profile would set, and free ports for everything.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Defaults =>
        [new("environment", "Development"), new(RandomizePortsKey, "true")];

    public async Task<DistributedApplicationBuilder> StartAsync(string[] args, CancellationToken cancellationToken)
    {
        _ = Task.Run(() => RunEntryPoint(args), CancellationToken.None);
        return await _builder.Task.WaitAsync(cancellationToken);
    }

    public async Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken)
    {
        _build.Release();
        return await _application.Task.WaitAsync(cancellationToken);
    }

    public void Offer(DistributedApplicationBuilder builder)
    {
        _builder.TrySetResult(builder);
        _build.Wait();
    }

    public void Complete(DistributedApplication application) => _application.TrySetResult(application);

    private void RunEntryPoint(string[] args)
    {
        CurrentSession.Value = this;
        try
        {
            typeof(TestingSession).Assembly.EntryPoint!.CreateDelegate<Action<string[]>>()(args);
        }
        catch (Exception problem)
        {
            _builder.TrySetException(problem);
            _application.TrySetException(problem);
        }
    }
}
