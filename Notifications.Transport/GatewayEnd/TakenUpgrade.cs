using Microsoft.AspNetCore.Http.Features;

namespace Notifications.Transport.GatewayEnd;

/// <summary>
/// The upgrade of a request whose session takes over the client's socket. To YARP it looks as if both ends
/// closed at once. So the request ends, and Kestrel, YARP and the middlewares free what they hold for it.
/// </summary>
internal sealed class TakenUpgrade(IHttpUpgradeFeature inner, ClientSession session) : IHttpUpgradeFeature
{
    public bool IsUpgradableRequest => inner.IsUpgradableRequest;

    public async Task<Stream> UpgradeAsync()
    {
        var client = await inner.UpgradeAsync();
        return await session.TakeClientAsync(client) ? Stream.Null : client;
    }
}
