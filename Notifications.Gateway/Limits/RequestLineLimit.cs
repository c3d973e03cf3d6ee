using Microsoft.AspNetCore.Http.Features;

namespace Notifications.Gateway.Limits;

/// <summary>
/// Refuses a request line that is too long for the services behind the gateway: 414 with the reason. Kestrel's own answer would have no body, so Kestrel gets a
/// higher limit than this one.
/// </summary>
internal static class RequestLineLimit
{
    /// <summary>Kestrel's default, which applies at the services behind the gateway.</summary>
    private const int MaxBytes = 8 * 1024;

    /// <summary>Kestrel itself refuses a line that is longer than this.</summary>
    public const int KestrelBytes = 4 * MaxBytes;

    /// <summary>The characters of the line besides the method and the target.</summary>
    private const string Around = "  HTTP/1.1\r\n";

    /// <summary>Marks a request whose line is too long. To be called while the line is as the client sent it, with a token in the query.</summary>
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
