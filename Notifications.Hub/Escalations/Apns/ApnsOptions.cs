using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;

namespace Notifications.Hubs.Escalations.Apns;

/// <summary>Apple Push Notification service with a signing key, section <c>Escalation:Apns</c>. Off without a key.</summary>
internal sealed record ApnsOptions : IValidatableObject
{
    public const string Section = $"{EscalationOptions.Section}:Apns";

    private static readonly Uri Production = new("https://api.push.apple.com");
    private static readonly Uri Development = new("https://api.sandbox.push.apple.com");

    /// <summary>The PEM text of the signing key, as Apple hands it out (<c>AuthKey_….p8</c>). A secret.</summary>
    public string? Key { get; set; }

    /// <summary>The path of the file with the signing key.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The key's id, 10 characters.</summary>
    public string KeyId { get; set; } = "";

    /// <summary>The id of the developer team that owns the key, 10 characters.</summary>
    public string TeamId { get; set; } = "";

    /// <summary>The app's bundle id.</summary>
    public string Topic { get; set; } = "";

    /// <summary>For apps that Xcode installed on the phone: their tokens work at the sandbox only. Default false.</summary>
    public bool Sandbox { get; set; }

    /// <summary>The address of APNs, if it is not the usual one for <see cref="Sandbox"/>.</summary>
    public Uri? Endpoint { get; set; }

    public bool IsSet => !string.IsNullOrWhiteSpace(Key) || !string.IsNullOrWhiteSpace(KeyFile);

    public Uri Address => Endpoint ?? (Sandbox ? Development : Production);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!EndpointRule.Allows(Address) || Address.Scheme != Uri.UriSchemeHttps)
        {
            yield return new ValidationResult(EndpointRule.Error(Section, Address));
        }

        if (!IsSet)
        {
            yield break;
        }

        foreach (var (name, value) in new[] { (nameof(KeyId), KeyId), (nameof(TeamId), TeamId), (nameof(Topic), Topic) })
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                yield return new ValidationResult($"{Section}:{name} is missing. A key needs {nameof(KeyId)} and {nameof(TeamId)} (Apple developer account, Keys) and {nameof(Topic)}, the app's bundle id.");
            }
        }

        if (KeyError() is { } error)
        {
            yield return new ValidationResult($"{Section}: {error}");
        }
    }

    public ECDsa ReadKey()
    {
        var key = ECDsa.Create();
        key.ImportFromPem(string.IsNullOrWhiteSpace(KeyFile) ? Key! : File.ReadAllText(KeyFile));
        return key;
    }

    private string? KeyError()
    {
        if (!string.IsNullOrWhiteSpace(Key) && !string.IsNullOrWhiteSpace(KeyFile))
        {
            return $"{nameof(Key)} and {nameof(KeyFile)} are both set. Set one of them.";
        }

        try
        {
            using var key = ReadKey();
            return key.KeySize == 256 ? null : $"the key has {key.KeySize} bits. APNs signs with ES256, whose keys have 256.";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{nameof(KeyFile)} \"{KeyFile}\" can't be read: {exception.Message}";
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            return "the key is not an EC key in PEM form. It has to be the content of Apple's file AuthKey_….p8.";
        }
    }
}
