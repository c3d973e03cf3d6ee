using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Notifications.AspNetCore;

/// <summary>An example of a body that the endpoint accepts, for error messages.</summary>
internal sealed record BodyExample(string Json);

/// <summary>Gives every error a problem details body (RFC 9457), also errors of the framework.</summary>
public static class ErrorResponses
{
    public static void AddErrorResponses(this IHostApplicationBuilder builder, string where)
    {
        // Outside Development the framework would answer a body that it can't read with a bare 400.
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        // A body or a parameter that can't be read is an error of the caller, not of the service.
        builder.Services.Configure<ExceptionHandlerOptions>(options =>
        {
            options.StatusCodeSelector = exception => (exception as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status500InternalServerError;
            options.SuppressDiagnosticsCallback = handled => handled.Exception is BadHttpRequestException;
        });
        builder.Services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
            context.ProblemDetails.Detail ??= context.Exception is BadHttpRequestException badRequest
                ? DetailOf(badRequest, context.AdditionalMetadata?.GetMetadata<BodyExample>())
                : DetailOf(context.HttpContext, where));
    }

    public static void UseErrorResponses(this IApplicationBuilder app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
    }

    private static string? DetailOf(HttpContext context, string where) => context.Response.StatusCode switch
    {
        // The challenge says why the token was refused (RFC 6750).
        StatusCodes.Status401Unauthorized => $"The request has no valid token ({context.Response.Headers.WWWAuthenticate}). Send one in the header \"Authorization: Bearer <token>\".",
        StatusCodes.Status403Forbidden => $"The caller may not {context.Request.Method} {context.Request.Path}. Send a token with the role that it needs.",
        StatusCodes.Status404NotFound => $"There is nothing at {context.Request.Path}. {where}",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Path} does not take {context.Request.Method}. It takes {context.Response.Headers.Allow}.",
        StatusCodes.Status415UnsupportedMediaType => $"The body has the content type \"{context.Request.ContentType}\". Send application/json.",
        StatusCodes.Status500InternalServerError => "The service failed on this request. Its log has the reason under the trace id.",
        _ => null,
    };

    private static string DetailOf(BadHttpRequestException exception, BodyExample? example) => (exception.InnerException, example) switch
    {
        (_, null) => exception.Message,
        (JsonException json, _) => $"The body can't be read at {json.Path ?? "$"} (line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1}): it is not the JSON that is expected there. Send JSON such as {example.Json}.",
        (null, _) when exception.StatusCode == StatusCodes.Status400BadRequest => $"The request has no body, or null for one. Send JSON such as {example.Json}.",
        _ => exception.Message,
    };
}
