using Google.Apis.Auth.OAuth2;
using Google.Apis.Http;

namespace Notifications.Hubs.Escalations.Fcm;

/// <summary>The access of one service account: whose project, and a token that is renewed before it expires.</summary>
internal sealed class FcmAccess(FcmOptions options, IHttpMessageHandlerFactory handlers)
{
    private const string Scope = "https://www.googleapis.com/auth/firebase.messaging";

    private readonly ServiceAccountCredential _credential = Credential(options.ReadAccount(), handlers);

    public FcmOptions Options => options;

    public string ProjectId => _credential.ProjectId;

    /// <exception cref="Google.Apis.Auth.OAuth2.Responses.TokenResponseException">Google does not give one.</exception>
    public Task<string> GetTokenAsync(CancellationToken cancellationToken) => _credential.GetAccessTokenForRequestAsync(cancellationToken: cancellationToken);

    /// <summary>Asks for another token: FCM did not take the last one, which may have been withdrawn.</summary>
    public Task RenewAsync(CancellationToken cancellationToken) => _credential.RequestAccessTokenAsync(cancellationToken);

    private static ServiceAccountCredential Credential(ServiceAccount account, IHttpMessageHandlerFactory handlers) =>
        new(new ServiceAccountCredential.Initializer(account.ClientEmail, account.TokenUri)
        {
            ProjectId = account.ProjectId,
            KeyId = account.PrivateKeyId,
            Scopes = [Scope],
            HttpClientFactory = new HttpClientFromMessageHandlerFactory(_ => new(
                handlers.CreateHandler(FcmSender.ClientName), performsAutomaticDecompression: false, handlesRedirect: false)),
            // When to try again is the schedule's to say.
            DefaultExponentialBackOffPolicy = ExponentialBackOffPolicy.None,
        }.FromPrivateKey(account.PrivateKey));
}
