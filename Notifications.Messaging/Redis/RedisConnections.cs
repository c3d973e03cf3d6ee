using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using StackExchange.Redis;

namespace Notifications.Messaging.Redis;

/// <summary>
/// Opens more connections to the Redis that the shared one leads to, with the same credentials, certificates and time-outs: some
/// of these are code and no part of a connection string.
/// </summary>
internal sealed class RedisConnections
{
    /// <summary>A machine that vanished is found after 10 s and three tries, 5 s apart.</summary>
    private const int KeepAliveSeconds = 10;
    private const int KeepAliveRetrySeconds = 5;
    private const int KeepAliveRetries = 3;

    private ConfigurationOptions? _options;
    private RemoteCertificateValidationCallback? _validation;

    /// <summary>The Redis user; null or empty: the default one.</summary>
    public string? User => Options.User;

    /// <summary>Null or empty: Redis wants none.</summary>
    public string? Password => Options.Password;

    /// <summary>How long a connection may take to be made, encryption included.</summary>
    public TimeSpan ConnectTimeout => TimeSpan.FromMilliseconds(Options.ConnectTimeout);

    /// <summary>How long an answer may take.</summary>
    public TimeSpan AnswerTimeout => TimeSpan.FromMilliseconds(Options.AsyncTimeout);

    private ConfigurationOptions Options =>
        _options ?? throw new InvalidOperationException("The shared Redis connection was not made by AddRedis. Call it first.");

    /// <summary>Connects to a server, encrypted if the shared connection is, and sends nothing yet.</summary>
    /// <remarks>
    /// It blocks, and the caller reads and writes blocking too: from its first asynchronous call on, a socket has other threads wait for it, also
    /// where it is read synchronously.
    /// </remarks>
    /// <param name="server">One that the shared connection knows.</param>
    /// <param name="closing">Closes the connection, whoever reads or writes then, and ends the attempt if it is still being made.</param>
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

    /// <summary>Another multiplexer with the options of the shared one. It belongs to the caller.</summary>
    /// <param name="name">What Redis lists it as; null: as the shared one.</param>
    /// <param name="channelPrefix">What the names of its channels begin with.</param>
    /// <exception cref="RedisConnectionException">Redis can't be reached now.</exception>
    public async Task<IConnectionMultiplexer> ConnectAsync(string? name = null, RedisChannel channelPrefix = default)
    {
        var options = Options.Clone();
        options.ClientName = name ?? options.ClientName;
        options.ChannelPrefix = channelPrefix;
        // For the first attempt only. A connection that was up and is lost is made again.
        options.AbortOnConnectFail = true;
        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    /// <summary>Of a connection that something else has made.</summary>
    /// <param name="shared">It.</param>
    /// <param name="options">Those that it was made with; null: what its connection string says, which leaves out what is set by code.</param>
    public static RedisConnections Of(IConnectionMultiplexer shared, ConfigurationOptions? options)
    {
        var connections = new RedisConnections();
        connections.Use(options ?? ConfigurationOptions.Parse(shared.Configuration), validation: null);
        return connections;
    }

    /// <summary>To be called before anything else.</summary>
    /// <param name="options">The shared connection's.</param>
    /// <param name="validation">Its check of the server's certificate; null: the machine's own.</param>
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
