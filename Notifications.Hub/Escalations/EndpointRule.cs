namespace Notifications.Hubs.Escalations;

/// <summary>The rule for the address of a push provider. Credentials and tokens are sent there.</summary>
internal static class EndpointRule
{
    public static bool Allows(Uri endpoint) =>
        endpoint.IsAbsoluteUri && (endpoint.Scheme == Uri.UriSchemeHttps || (endpoint.Scheme == Uri.UriSchemeHttp && endpoint.IsLoopback));

    public static string Error(string section, Uri endpoint) =>
        $"{section}:Endpoint is \"{endpoint}\". It has to be an https address; http is for this machine's own loopback addresses only.";
}
