using System.Text.Json.Nodes;

namespace Notifications.Tests.Escalations;

/// <summary>What a fake provider answers instead of taking a message.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The error in the provider's own form.</param>
/// <param name="RetryAfter">Seconds for the header of that name.</param>
internal sealed record FakeAnswer(int Status, JsonNode? Body = null, int? RetryAfter = null)
{
    /// <summary>An error as FCM writes it.</summary>
    public static FakeAnswer Fcm(int status, string code, string? field = null, int? retryAfter = null)
    {
        JsonArray details = [new JsonObject { ["@type"] = "type.googleapis.com/google.firebase.fcm.v1.FcmError", ["errorCode"] = code }];
        if (field is not null)
        {
            details.Add(new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.BadRequest",
                ["fieldViolations"] = new JsonArray(new JsonObject { ["field"] = field, ["description"] = "Invalid value" }),
            });
        }

        return new FakeAnswer(status, new JsonObject { ["error"] = new JsonObject { ["code"] = status, ["message"] = "no", ["status"] = "STATUS", ["details"] = details } }, retryAfter);
    }

    /// <summary>An error as Apple writes it.</summary>
    public static FakeAnswer Apns(int status, string reason, DateTimeOffset? timestamp = null)
    {
        var body = new JsonObject { ["reason"] = reason };
        if (timestamp is { } at)
        {
            body["timestamp"] = at.ToUnixTimeMilliseconds();
        }

        return new FakeAnswer(status, body);
    }
}
