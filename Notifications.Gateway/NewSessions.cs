namespace Notifications.Gateway;

internal static class NewSessions
{
    /// <summary>The query parameter that names a SignalR session on every request but the one that begins it.</summary>
    private const string SessionParameter = "id";

    /// <summary>
    /// Hides draining instances from requests that begin a session, even where the affinity cookie of an earlier session names
    /// one: a client that such an instance told to reconnect has to come out elsewhere. Requests of a session that exists still
    /// find theirs. With nothing but draining instances left they are used all the same.
    /// </summary>
    public static IReverseProxyApplicationBuilder UseNewSessions(this IReverseProxyApplicationBuilder proxy)
    {
        proxy.Use((context, next) =>
        {
            if (!context.Request.Query.ContainsKey(SessionParameter))
            {
                var feature = context.GetReverseProxyFeature();
                var staying = feature.AvailableDestinations.Where(destination => !HubDestination.IsDraining(destination.Model.Config)).ToArray();
                if (staying.Length > 0)
                {
                    feature.AvailableDestinations = staying;
                }
            }

            return next(context);
        });
        return proxy;
    }
}
