using Notifications.Hubs.Instances;

namespace Notifications.Hubs.Tokens;

/// <summary>Handles messages that end a user's connections, and reads revocations that this instance may have missed.</summary>
internal sealed class RevocationHandler(Revocations revocations, TokenSessions sessions, RevocationStore store) : IHubMessageHandler
{
    public Task HandleAsync(HubMessage message)
    {
        if (message.UserEnd is { } end)
        {
            if (end.RevokedUntil is { } until)
            {
                revocations.Learn(KeyValuePair.Create(end.User, until));
            }

            sessions.End(end.User);
        }

        return Task.CompletedTask;
    }

    public async Task CatchUpAsync()
    {
        revocations.Read(await store.ListAsync(revocations.Oldest));
        sessions.EndRevoked();
    }
}
