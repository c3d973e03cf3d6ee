using System.ComponentModel.DataAnnotations;

namespace Notifications.Hubs.Escalations.Fcm;

/// <summary>Firebase Cloud Messaging, section <c>Escalation:Fcm</c>. Off without a service account.</summary>
internal sealed record FcmOptions : IValidatableObject
{
    public const string Section = $"{EscalationOptions.Section}:Fcm";

    /// <summary>The JSON text of the service account's key file, as Google hands it out. A secret.</summary>
    public string? ServiceAccount { get; set; }

    /// <summary>The path of the service account's key file.</summary>
    public string? ServiceAccountFile { get; set; }

    /// <summary>The address of FCM. Default https://fcm.googleapis.com.</summary>
    public Uri Endpoint { get; set; } = new("https://fcm.googleapis.com");

    public bool IsSet => !string.IsNullOrWhiteSpace(ServiceAccount) || !string.IsNullOrWhiteSpace(ServiceAccountFile);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!EndpointRule.Allows(Endpoint))
        {
            yield return new ValidationResult(EndpointRule.Error(Section, Endpoint));
        }

        if (IsSet && AccountError() is { } error)
        {
            yield return new ValidationResult($"{Section}: {error}");
        }
    }

    /// <exception cref="FormatException">The text is not the key file of a service account.</exception>
    public ServiceAccount ReadAccount() => Fcm.ServiceAccount.Parse(
        string.IsNullOrWhiteSpace(ServiceAccountFile) ? ServiceAccount! : File.ReadAllText(ServiceAccountFile));

    private string? AccountError()
    {
        if (!string.IsNullOrWhiteSpace(ServiceAccount) && !string.IsNullOrWhiteSpace(ServiceAccountFile))
        {
            return $"{nameof(ServiceAccount)} and {nameof(ServiceAccountFile)} are both set. Set one of them.";
        }

        try
        {
            ReadAccount();
            return null;
        }
        catch (FormatException exception)
        {
            return exception.Message;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{nameof(ServiceAccountFile)} \"{ServiceAccountFile}\" can't be read: {exception.Message}";
        }
    }
}
