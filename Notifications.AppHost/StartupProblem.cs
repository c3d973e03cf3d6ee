namespace Notifications.AppHost;

/// <summary>
/// A problem that the person who starts the system has to solve. The AppHost writes its message to stderr
/// in one line, without a stack trace, and ends with exit code 1.
/// </summary>
internal sealed class StartupProblem : DistributedApplicationException
{
    public StartupProblem(string message) : base(message) =>
        AppDomain.CurrentDomain.UnhandledException += (_, unhandled) =>
        {
            if (ReferenceEquals(unhandled.ExceptionObject, this))
            {
                Console.Error.WriteLine(Message);
                Environment.Exit(1);
            }
        };
}
