using System.Runtime.InteropServices;
using Notifications.Benchmarks;
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
    var arguments = new Arguments([.. args.Skip(1)]);
    switch (args.FirstOrDefault())
    {
        case "soak":
            var soak = SoakOptions.Read(arguments);
            arguments.ThrowIfUnknown();
            var result = await SoakRun.RunAsync(soak, Console.Out, stopping.Token);
            result.WriteTo(Console.Out);
            return result.IsGreen ? 0 : Red;
        case "stalled":
            var stalled = StalledOptions.Read(arguments);
            arguments.ThrowIfUnknown();
            await StalledRun.RunAsync(stalled, Console.Out, stopping.Token);
            return 0;
        default:
            Console.Error.WriteLine("Usage: Notifications.Benchmarks soak|stalled [--option value] …; README.md lists all.");
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

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stopping.Cancel();
}
