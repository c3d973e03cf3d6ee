using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Notifications.AspNetCore;

/// <summary>Accepts certificates of servers that the machine trusts, or that an authority in a file (PEM) has signed.</summary>
internal sealed class CertificateAuthority
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2Collection _authorities = [];

    /// <exception cref="InvalidOperationException">The file has no certificate.</exception>
    public CertificateAuthority(string file)
    {
        _authorities.ImportFromPemFile(file);
        if (_authorities.Count == 0)
        {
            throw new InvalidOperationException($"\"{file}\" has no certificate in PEM. It has to have the certificate of the authority that signed the server's.");
        }
    }

    /// <inheritdoc cref="RemoteCertificateValidationCallback"/>
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        // Only one error is accepted: the machine does not know the authority.
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 server || chain is null)
        {
            return false;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.ApplicationPolicy.Add(new(ServerAuthentication));
        // The server may have sent intermediate certificates.
        own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        return own.Build(server);
    }
}
