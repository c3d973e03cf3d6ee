using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Notifications.Tests;

/// <summary>Keeps what a composed service logs: <c>builder.Logging.AddProvider(logs)</c>.</summary>
public sealed class CapturedLogs : ILoggerProvider
{
    private readonly ConcurrentQueue<CapturedLog> _logs = new();

    public IReadOnlyCollection<CapturedLog> All => _logs;

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _logs);

    public void Dispose()
    {
        // Holds nothing but memory; a test reads it after the service is gone.
    }

    private sealed class Logger(string category, ConcurrentQueue<CapturedLog> logs) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logs.Enqueue(new CapturedLog(logLevel, category, formatter(state, exception), exception));
    }
}

public sealed record CapturedLog(LogLevel Level, string Category, string Message, Exception? Exception);
