using Microsoft.AspNetCore.Http.Connections.Client;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Notifications.Client;

/// <summary>
/// One connection to the hub, from its handshake to its end. Each has its own SignalR connection: SignalR may still raise events of an
/// earlier connection after its end, and they must not be taken for events of the next connection.
/// </summary>
internal sealed class ClientConnection : IAsyncDisposable
{
    // When the network is lost, the close delays the next attempt by this time. SignalR's default is 5 s.
    internal static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    private readonly NotificationClientOptions _options;
    private readonly TimeProvider _time;
    private readonly HubConnection _connection;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource<Exception?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DateTimeOffset> _comeBackAt = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClientConnection(
        NotificationClientOptions options, ILoggerFactory loggers, TimeProvider time, NotificationClient client,
        Action<TimeSpan> onRefused, CancellationToken stopping)
    {
        (_options, _time) = (options, time);
        Ending = _ending.Token;
        var builder = new HubConnectionBuilder();
        builder.Services.AddSingleton(loggers);
        builder.WithUrl(Address(options), http => Configure(http, onRefused, stopping));
        builder.AddJsonProtocol(json => json.PayloadSerializerOptions.TypeInfoResolver = ClientJson.Default);
        builder.WithServerTimeout(options.ServerTimeout).WithKeepAliveInterval(options.KeepAlive);
        _connection = builder.Build();
        _connection.HandshakeTimeout = options.ConnectTimeout;
        // SignalR calls these one at a time, in the hub's order.
        _connection.On<SubscribedMessage>(HubNames.Subscribed, message => client.OnSubscribedAsync(this, message));
        _connection.On<NotificationMessage>(HubNames.Notification, message => client.OnNotification(this, message));
        _connection.On<ReconnectMessage>(HubNames.Reconnect, message =>
            _comeBackAt.TrySetResult(time.GetUtcNow() + TimeSpan.FromMilliseconds(Math.Max(0, message.DelayMs))));
        _connection.Closed += exception =>
        {
            _closed.TrySetResult(exception);
            return _ending.CancelAsync();
        };
    }

    public bool IsOpen => _connection.State == HubConnectionState.Connected;

    /// <summary>Cancelled when the connection is lost or given up.</summary>
    public CancellationToken Ending { get; }

    /// <summary>The rest of the wait that the hub asked for with <c>reconnect</c>. Null when the hub did not send <c>reconnect</c>.</summary>
    public TimeSpan? ComeBackIn => _comeBackAt.Task.IsCompletedSuccessfully
        ? TimeSpan.FromTicks(Math.Max(0, (_comeBackAt.Task.Result - _time.GetUtcNow()).Ticks))
        : null;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await _connection.StartAsync(either.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{_options.Url} did not complete a connection within {_options.ConnectTimeout}.", exception);
        }
    }

    /// <summary>Returns when the connection is lost, with the reason if there is one, or when this client has to move because of <c>reconnect</c>.</summary>
    public async Task<Exception?> LostAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAny(_closed.Task, _comeBackAt.Task).WaitAsync(cancellationToken);
        if (!_closed.Task.IsCompleted && ComeBackIn is { } delay)
        {
            // The instance goes on delivering until then.
            await Task.WhenAny(_closed.Task, Task.Delay(delay, _time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }

        return _closed.Task.IsCompletedSuccessfully ? _closed.Task.Result : null;
    }

    public void GiveUp() => _closed.TrySetResult(null);

    /// <exception cref="HubException">The hub refuses.</exception>
    /// <exception cref="ConnectionLostException">The connection is gone.</exception>
    public Task SubscribeAsync(string stream, Position? since) => InvokeAsync(HubNames.Subscribe, stream, since);

    /// <inheritdoc cref="SubscribeAsync"/>
    public Task UnsubscribeAsync(string stream) => InvokeAsync(HubNames.Unsubscribe, stream);

    /// <summary>
    /// Acknowledges a position. Without an answer, the acknowledgement may still be on its way when this
    /// returns. If it is lost, the next connection begins before that position.
    /// </summary>
    /// <inheritdoc cref="SubscribeAsync"/>
    public Task AcknowledgeAsync(string stream, Position position, bool isAnswered) => isAnswered
        ? InvokeAsync(HubNames.Acknowledge, stream, position.Epoch, position.Offset)
        : CallAsync(() => _connection.SendAsync(HubNames.Acknowledge, stream, position.Epoch, position.Offset, Ending));

    public async Task<string> InstanceAsync(CancellationToken cancellationToken) =>
        (string?)await _connection.InvokeCoreAsync(HubNames.Instance, typeof(string), [], cancellationToken) ?? "";

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _connection.DisposeAsync();
        _ending.Dispose();
    }

    private Task InvokeAsync(string method, params object?[] arguments) =>
        CallAsync(() => _connection.InvokeCoreAsync(method, typeof(object), arguments, Ending));

    private async Task CallAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (Exception exception) when (exception is not HubException || !IsOpen)
        {
            // SignalR fails the pending calls with the exception that ended the connection.
            throw new ConnectionLostException(exception);
        }
    }

    private static Uri Address(NotificationClientOptions options)
    {
        if (options.Device is null)
        {
            return options.Url;
        }

        var address = new UriBuilder(options.Url);
        address.Query = $"{address.Query}{(address.Query.Length > 1 ? "&" : "")}{HubNames.DeviceQuery}={Uri.EscapeDataString(options.Device)}";
        return address.Uri;
    }

    private void Configure(HttpConnectionOptions http, Action<TimeSpan> onRefused, CancellationToken stopping)
    {
        http.CloseTimeout = CloseTimeout;
        if (_options.AccessToken is { } token)
        {
            http.AccessTokenProvider = () => token(stopping);
        }

        _options.ConfigureHttp?.Invoke(http);
        var configured = http.HttpMessageHandlerFactory;
        http.HttpMessageHandlerFactory = handler =>
            new RetryAfter(new RequestLimit(configured?.Invoke(handler) ?? handler, _options, _time), _time, onRefused);
    }
}
