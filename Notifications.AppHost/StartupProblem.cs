namespace Notifications.AppHost;

/// <summary>Something that the person who starts the system has to change: said in one line on stderr with exit code 1, without a stack trace.</summary>
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
