using System.ComponentModel.DataAnnotations;

namespace Notifications.Hubs.Escalations.Fcm;

/// <summary>Firebase Cloud Messaging, section <c>Escalation:Fcm</c>. Off unless it has a service account.</summary>
internal sealed record FcmOptions : IValidatableObject
{
    public const string Section = $"{EscalationOptions.Section}:Fcm";

    /// <summary>The service account's key file as Google hands it out, its JSON text. A secret.</summary>
    public string? ServiceAccount { get; set; }

    /// <summary>The same as the path of that file.</summary>
    public string? ServiceAccountFile { get; set; }

    /// <summary>Where FCM is. Default https://fcm.googleapis.com.</summary>
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

    /// <exception cref="FormatException">It is no service account's key file.</exception>
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
