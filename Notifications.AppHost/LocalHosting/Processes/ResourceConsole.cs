using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>Where the output of the processes goes: to the console, or in a test to its loggers.</summary>
internal sealed class ResourceConsole(ILoggerFactory loggers, bool toConsole)
{
    public void Write(string label, string? line)
    {
        if (line is null)
        {
            return;
        }

        if (toConsole)
        {
            Console.WriteLine($"{label,-9} | {line}");
        }
        else
        {
            loggers.CreateLogger($"{AppHostAssembly.Name}.Resources.{label}").LogInformation("{Line}", line);
        }
    }
}
