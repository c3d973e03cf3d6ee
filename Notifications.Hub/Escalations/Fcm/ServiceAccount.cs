using System.Security.Cryptography;
using System.Text.Json;

namespace Notifications.Hubs.Escalations.Fcm;

/// <summary>The members of a Google service account's key file that are needed.</summary>
internal sealed record ServiceAccount(string ProjectId, string ClientEmail, string PrivateKeyId, string PrivateKey, string TokenUri)
{
    private const string Rule = "It has to be the JSON key file of a Google service account (Firebase console, Project settings, Service accounts).";

    /// <exception cref="FormatException">The text is not such a key file.</exception>
    public static ServiceAccount Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var account = new ServiceAccount(
                Member(root, "project_id"), Member(root, "client_email"), Member(root, "private_key_id"), Member(root, "private_key"), Member(root, "token_uri"));
            using var key = RSA.Create();
            key.ImportFromPem(account.PrivateKey);
            return Uri.TryCreate(account.TokenUri, UriKind.Absolute, out var tokenUri) && EndpointRule.Allows(tokenUri)
                ? account
                : throw new FormatException($"the service account's token_uri is \"{account.TokenUri}\". It has to be an https address.");
        }
        catch (JsonException)
        {
            // Without the exception's message, which quotes the text.
            throw new FormatException($"the service account is not JSON. {Rule}");
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            throw new FormatException($"the service account's private_key is not an RSA key in PEM form. {Rule}");
        }
    }

    private static string Member(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
            ? member.GetString()!
            : throw new FormatException($"the service account has no \"{name}\". {Rule}");
}
