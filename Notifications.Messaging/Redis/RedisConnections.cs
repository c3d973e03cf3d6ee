using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using StackExchange.Redis;

namespace Notifications.Messaging.Redis;

/// <summary>
/// Opens more connections to the Redis of the shared connection, with the same credentials, certificates and time-outs. Code sets some of these, and a
/// connection string does not have them.
/// </summary>
internal sealed class RedisConnections
{
    /// <summary>TCP checks a silent connection after 10 s, three times, 5 s apart. This finds a machine that vanished.</summary>
    private const int KeepAliveSeconds = 10;
    private const int KeepAliveRetrySeconds = 5;
    private const int KeepAliveRetries = 3;

    private ConfigurationOptions? _options;
    private RemoteCertificateValidationCallback? _validation;

    /// <summary>The Redis user; null or empty: the default user.</summary>
    public string? User => Options.User;

    /// <summary>The password; null or empty: Redis needs none.</summary>
    public string? Password => Options.Password;

    /// <summary>How long a connection may take to be made, encryption included.</summary>
    public TimeSpan ConnectTimeout => TimeSpan.FromMilliseconds(Options.ConnectTimeout);

    /// <summary>How long an answer may take.</summary>
    public TimeSpan AnswerTimeout => TimeSpan.FromMilliseconds(Options.AsyncTimeout);

    private ConfigurationOptions Options =>
        _options ?? throw new InvalidOperationException("The shared Redis connection was not made by AddRedis. Call it first.");

    /// <summary>Connects to a server, with TLS if the shared connection uses TLS. Sends no command yet.</summary>
    /// <remarks>
    /// Blocks. The caller has to read and write with blocking calls too: after the first asynchronous call on a socket, other threads wait for its data, even
    /// for a synchronous read.
    /// </remarks>
    /// <param name="server">A server that the shared connection knows.</param>
    /// <param name="closing">Closes the connection, even while it is read or written, and ends an attempt to connect.</param>
    public Stream Open(EndPoint server, CancellationToken closing)
    {
        var socket = server.AddressFamily == AddressFamily.Unix
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        closing.Register(socket.Dispose);
        try
        {
            KeepAlive(socket);
            socket.SendTimeout = Options.AsyncTimeout;
            socket.Connect(server);
            var stream = new NetworkStream(socket, ownsSocket: true);
            return Options.Ssl ? Encrypt(stream, server) : stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Opens another multiplexer with the options of the shared one. It belongs to the caller.</summary>
    /// <param name="name">The name under which Redis lists the connection; null: that of the shared one.</param>
    /// <param name="channelPrefix">The prefix of the names of its channels.</param>
    /// <exception cref="RedisConnectionException">Redis can't be reached now.</exception>
    public async Task<IConnectionMultiplexer> ConnectAsync(string? name = null, RedisChannel channelPrefix = default)
    {
        var options = Options.Clone();
        options.ClientName = name ?? options.ClientName;
        options.ChannelPrefix = channelPrefix;
        // For the first attempt only. A connection that is lost later is made again.
        options.AbortOnConnectFail = true;
        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    /// <summary>For a shared connection that other code has made.</summary>
    /// <param name="shared">The shared connection.</param>
    /// <param name="options">The options with which it was made; null: those of its connection string, without the settings that code made.</param>
    public static RedisConnections Of(IConnectionMultiplexer shared, ConfigurationOptions? options)
    {
        var connections = new RedisConnections();
        connections.Use(options ?? ConfigurationOptions.Parse(shared.Configuration), validation: null);
        return connections;
    }

    /// <summary>Sets the shared connection. Call it before any other member.</summary>
    /// <param name="options">The options of the shared connection.</param>
    /// <param name="validation">The shared connection's check of the server's certificate; null: the machine's own check.</param>
    public void Use(ConfigurationOptions options, RemoteCertificateValidationCallback? validation) => (_options, _validation) = (options, validation);

    private static void KeepAlive(Socket socket)
    {
        if (socket.ProtocolType != ProtocolType.Tcp)
        {
            return;
        }

        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveRetrySeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveRetries);
    }

    private SslStream Encrypt(NetworkStream stream, EndPoint server)
    {
        var host = !string.IsNullOrWhiteSpace(Options.SslHost) ? Options.SslHost
            : server is DnsEndPoint dns ? dns.Host
            : server is IPEndPoint ip ? ip.Address.ToString()
            : throw new InvalidOperationException($"TLS to \"{server}\" needs the host name that the server's certificate has. Add sslHost=… to the Redis connection string.");
        var encrypted = new SslStream(stream, leaveInnerStreamOpen: false);
        encrypted.AuthenticateAsClient(Options.SslClientAuthenticationOptions?.Invoke(host) ?? new SslClientAuthenticationOptions
        {
            TargetHost = host,
            EnabledSslProtocols = Options.SslProtocols ?? default,
            CertificateRevocationCheckMode = Options.CheckCertificateRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = _validation,
        });
        return encrypted;
    }
}
