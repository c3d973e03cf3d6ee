using Microsoft.AspNetCore.Http.Features;

namespace Notifications.Gateway.Limits;

/// <summary>
/// Refuses a request line that services behind the gateway would not read: 414 with the reason. Kestrel's own answer has no body, so it is given room for the
/// line, and the limit is this one.
/// </summary>
internal static class RequestLineLimit
{
    /// <summary>What Kestrel reads by default, which those services go by.</summary>
    private const int MaxBytes = 8 * 1024;

    /// <summary>What is longer than this Kestrel refuses by itself.</summary>
    public const int KestrelBytes = 4 * MaxBytes;

    /// <summary>What stands around method and target in the line.</summary>
    private const string Around = "  HTTP/1.1\r\n";

    /// <summary>Takes note of a line that is too long, as it was sent: with a token in the query.</summary>
    public static void Measure(IFeatureCollection features, IHttpRequestFeature request)
    {
        var bytes = request.Method.Length + request.RawTarget.Length + Around.Length;
        if (bytes > MaxBytes)
        {
            features.Set(new TooLong(bytes));
        }
    }

    public static void UseRequestLineLimit(this WebApplication app) => app.Use((context, next) => context.Features.Get<TooLong>() is { } line
        ? TypedResults.Problem(
            $"The request line has {line.Bytes} bytes and may have {MaxBytes}. Send the token as the header \"Authorization: Bearer <token>\", and less in the query.",
            statusCode: StatusCodes.Status414UriTooLong).ExecuteAsync(context)
        : next(context));

    private sealed record TooLong(int Bytes);
}
