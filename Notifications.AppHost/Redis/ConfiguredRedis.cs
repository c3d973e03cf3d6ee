using Microsoft.Extensions.Configuration;
using StackExchange.Redis;

namespace Notifications.AppHost.Redis;

/// <summary>A Redis that <c>ConnectionStrings:redis</c> names. The AppHost does not start or stop it.</summary>
internal static class ConfiguredRedis
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    public static bool HasConfiguredRedis(this IDistributedApplicationBuilder builder, string name) =>
        !string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(name));

    /// <exception cref="StartupProblem">The Redis does not answer.</exception>
    public static IResourceBuilder<IResourceWithConnectionString> AddConfiguredRedis(this IDistributedApplicationBuilder builder, string name)
    {
        var servers = CheckAnswer(builder.Configuration.GetConnectionString(name)!, name);
        builder.Report("Redis", $"{servers}, because ConnectionStrings:{name} names it");
        return builder.AddConnectionString(name);
    }

    private static string CheckAnswer(string connectionString, string name)
    {
        try
        {
            var options = ConfigurationOptions.Parse(connectionString);
            options.AbortOnConnectFail = true;
            options.ConnectTimeout = (int)AnswerLimit.TotalMilliseconds;
            options.ConnectRetry = 1;
            using var redis = ConnectionMultiplexer.Connect(options);
            redis.GetDatabase().Ping();
            return string.Join(", ", options.EndPoints.Select(EndPointCollection.ToString));
        }
        catch (Exception problem) when (problem is RedisException or ArgumentException or TimeoutException)
        {
            // The connection string may hold a password, so the message shows only its first part, the server.
            var server = connectionString.Split(',')[0];
            throw new StartupProblem(
                $"The Redis at \"{server}\" (ConnectionStrings:{name}) did not answer a PING within {AnswerLimit.TotalSeconds:0} s. Start it, correct the setting, or remove the setting to run on a Redis of the AppHost's own.");
        }
    }
}
