using System.Runtime.InteropServices;
using Notifications.Benchmarks;
using Notifications.Benchmarks.Attacks;
using Notifications.Benchmarks.Compare.Publishing;
using Notifications.Benchmarks.Compare;
using Notifications.Benchmarks.Faults;
using Notifications.Benchmarks.Fuzz;
using Notifications.Benchmarks.Micro;
using Notifications.Benchmarks.Scale;
using Notifications.Benchmarks.Soak;
using Notifications.Benchmarks.Stalled;

const int Red = 1;
const int Misused = 2;

// Ctrl-C and SIGTERM end the run in order: the servers that it started go down with it.
using var stopping = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    switch (args.FirstOrDefault())
    {
        case "compare":
            return (await CompareRun.RunAsync(Options(CompareOptions.Read), Console.Out, stopping.Token)).IsGreen ? 0 : Red;
        case "faults":
            return await FaultsAsync(args.ElementAtOrDefault(1), Options(FaultOptions.Read, from: 2)) ? 0 : Red;
        case "attacks":
            return await AttacksAsync(Name(), Options(AttackOptions.Read, from: Name() is null ? 1 : 2)) ? 0 : Red;
        case "fuzz":
            var violations = await FuzzRun.RunAsync(Options(FuzzOptions.Read), Console.Out, stopping.Token);
            Console.WriteLine(violations.Count == 0 ? "No 5xx, no error in any log, and nobody else noticed." : string.Join(Environment.NewLine, violations));
            return violations.Count == 0 ? 0 : Red;
        case PublisherProgram.Command:
            var redis = Options(arguments => arguments.Text("redis")) ?? throw new ArgumentException("publisher needs --redis host:port.");
            await PublisherProgram.RunAsync(redis, Console.OpenStandardInput(), Console.Out, stopping.Token);
            return 0;
        case "micro":
            MicroRun.Run(Options(_ => Name(), from: Name() is null ? 1 : 2));
            return 0;
        case "scale":
            return await ScaleRun.RunAsync(Options(ScaleOptions.Read), Console.Out, stopping.Token) ? 0 : Red;
        case "soak":
            var result = await SoakRun.RunAsync(Options(SoakOptions.Read), Console.Out, stopping.Token);
            result.WriteTo(Console.Out);
            return result.IsGreen ? 0 : Red;
        case "stalled":
            await StalledRun.RunAsync(Options(StalledOptions.Read), Console.Out, stopping.Token);
            return 0;
        default:
            Console.Error.WriteLine("Usage: Notifications.Benchmarks compare|scale|micro [name]|soak|stalled|attacks|fuzz|faults <scenario> [--option value] …; README.md lists all.");
            return Misused;
    }
}
catch (ArgumentException exception)
{
    Console.Error.WriteLine(exception.Message);
    return Misused;
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped before the end: no verdict.");
    return Red;
}

// What stands behind the command and is no option.
string? Name() => args.ElementAtOrDefault(1) is { } name && !name.StartsWith('-') ? name : null;

T Options<T>(Func<Arguments, T> read, int from = 1)
{
    var arguments = new Arguments([.. args.Skip(from)]);
    var options = read(arguments);
    arguments.ThrowIfUnknown();
    return options;
}

async Task<bool> FaultsAsync(string? scenario, FaultOptions options)
{
    var results = new List<FaultResult>();
    foreach (var each in FaultScenarios.Named(scenario))
    {
        var result = await FaultRun.RunAsync(each, options, Console.Out, stopping.Token);
        result.WriteTo(Console.Out);
        result.WriteRowTo(Console.Out);
        results.Add(result);
    }

    FaultResult.WriteHeadTo(Console.Out);
    results.ForEach(result => result.WriteRowTo(Console.Out));
    return results.TrueForAll(result => result.IsGreen);
}

async Task<bool> AttacksAsync(string? scenario, AttackOptions options)
{
    var results = await AttackRun.RunAsync(AttackScenarios.Named(scenario), options, result => result.WriteRowTo(Console.Out), Console.Out, stopping.Token);
    AttackResult.WriteHeadTo(Console.Out);
    foreach (var result in results)
    {
        result.WriteRowTo(Console.Out);
    }

    return results.All(result => result.IsGreen);
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stopping.Cancel();
}
