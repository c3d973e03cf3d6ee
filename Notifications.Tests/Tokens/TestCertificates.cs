using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Notifications.Tests.Tokens;

/// <summary>A private certificate authority and what it signed for servers of this machine, as PEM files in a directory of their own.</summary>
internal sealed class TestCertificates : IDisposable
{
    private static readonly Oid ServerUse = new("1.3.6.1.5.5.7.3.1");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("notifications-certificates-");
    private readonly X509Certificate2 _authority;

    public TestCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Notifications test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        AuthorityFile = Write("ca.crt", _authority.ExportCertificatePem());

        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signed = SignServer(serverKey);
        Server = signed.CopyWithPrivateKey(serverKey);
        ServerFile = Write("server.crt", signed.ExportCertificatePem());
        ServerKeyFile = Write("server.key", serverKey.ExportPkcs8PrivateKeyPem());
    }

    public string AuthorityFile { get; }

    /// <summary>For localhost and 127.0.0.1.</summary>
    public X509Certificate2 Server { get; }

    public string ServerFile { get; }

    public string ServerKeyFile { get; }

    /// <summary>redis-server's, to listen with this certificate on that port too.</summary>
    public string[] RedisArguments(int port) =>
    [
        "--tls-port", port.ToString(CultureInfo.InvariantCulture), "--tls-auth-clients", "no",
        "--tls-ca-cert-file", AuthorityFile, "--tls-cert-file", ServerFile, "--tls-key-file", ServerKeyFile,
    ];

    public void Dispose()
    {
        Server.Dispose();
        _authority.Dispose();
        _directory.Delete(recursive: true);
    }

    private X509Certificate2 SignServer(ECDsa key)
    {
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([ServerUse], critical: false));
        return request.Create(_authority, _authority.NotBefore, _authority.NotAfter, RandomNumberGenerator.GetBytes(16));
    }

    private string Write(string name, string pem)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, pem);
        return path;
    }
}
