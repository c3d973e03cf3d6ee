using Microsoft.AspNetCore.Http.Features;

namespace Notifications.Transport.GatewayEnd;

/// <summary>
/// The upgrade of a request whose session takes its client over: to YARP it looks as if both ends closed at once, so the request ends, and with it all that Kestrel, YARP and the
/// middlewares keep for one.
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
