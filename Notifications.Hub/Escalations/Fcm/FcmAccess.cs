using Google.Apis.Auth.OAuth2;
using Google.Apis.Http;

namespace Notifications.Hubs.Escalations.Fcm;

/// <summary>The access of one service account: its project, and a token that is renewed before it expires.</summary>
internal sealed class FcmAccess(FcmOptions options, IHttpMessageHandlerFactory handlers)
{
    private const string Scope = "https://www.googleapis.com/auth/firebase.messaging";

    private readonly ServiceAccountCredential _credential = Credential(options.ReadAccount(), handlers);

    public FcmOptions Options => options;

    public string ProjectId => _credential.ProjectId;

    /// <exception cref="Google.Apis.Auth.OAuth2.Responses.TokenResponseException">Google gives no token.</exception>
    public Task<string> GetTokenAsync(CancellationToken cancellationToken) => _credential.GetAccessTokenForRequestAsync(cancellationToken: cancellationToken);

    /// <summary>Asks for another token, because FCM did not accept the last one. It may have been withdrawn.</summary>
    public Task RenewAsync(CancellationToken cancellationToken) => _credential.RequestAccessTokenAsync(cancellationToken);

    private static ServiceAccountCredential Credential(ServiceAccount account, IHttpMessageHandlerFactory handlers) =>
        new(new ServiceAccountCredential.Initializer(account.ClientEmail, account.TokenUri)
        {
            ProjectId = account.ProjectId,
            KeyId = account.PrivateKeyId,
            Scopes = [Scope],
            HttpClientFactory = new HttpClientFromMessageHandlerFactory(_ => new(
                handlers.CreateHandler(FcmSender.ClientName), performsAutomaticDecompression: false, handlesRedirect: false)),
            // Only the schedule decides when to try again.
            DefaultExponentialBackOffPolicy = ExponentialBackOffPolicy.None,
        }.FromPrivateKey(account.PrivateKey));
}
