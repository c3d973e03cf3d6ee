using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.Options;

namespace Notifications.Hubs.Backplane;

/// <summary>
/// <c>Clients</c> and <c>Groups</c> of a hub class over all instances, for whatever an adopter sends by himself. Every instance applies a send to the
/// connections that it holds: nobody subscribes to anything for a connection, a user or a group, so a connect costs Redis nothing.
/// <para>
/// A send is at most once. This instance's own clients get it whether Redis is there or not; those of others do if the returned task succeeds
/// and their instance hears Redis at that moment. The sends of one caller arrive in their order at each client. None but a send to one connection that is held
/// here waits for clients to read; one that is <see cref="LocalConnection.MaxUnwritten"/> messages behind is closed.
/// </para>
/// </summary>
internal class BackplaneLifetimeManager<THub> : HubLifetimeManager<THub> where THub : Hub
{
    private static readonly string HubName = typeof(THub).FullName!;

    private readonly BackplaneLink _link;
    private readonly IHubProtocolResolver _resolver;
    private readonly IHubProtocol[] _protocols;
    private readonly LocalConnections _local;
    private readonly HolderAnswers _answers;
    private readonly PendingResults _results = new();

    public BackplaneLifetimeManager(
        BackplaneLink link,
        IHubProtocolResolver protocols,
        IOptions<HubOptions> options,
        IOptions<HubOptions<THub>> hubOptions,
        TimeProvider time,
        ILogger<BackplaneLifetimeManager<THub>> logger)
    {
        var supported = hubOptions.Value.SupportedProtocols ?? options.Value.SupportedProtocols;
        _protocols = [.. protocols.AllProtocols.Where(protocol => supported?.Contains(protocol.Name, StringComparer.OrdinalIgnoreCase) is not false)];
        (_link, _resolver) = (link, protocols);
        _local = new LocalConnections(logger);
        _answers = new HolderAnswers(time);
        link.Join(HubName, Take);
    }

    public override Task OnConnectedAsync(HubConnectionContext connection)
    {
        _local.Add(connection);
        return Task.CompletedTask;
    }

    public override Task OnDisconnectedAsync(HubConnectionContext connection)
    {
        _local.Remove(connection);
        return Task.CompletedTask;
    }

    public override Task SendAllAsync(string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        SendAsync(Recipients.All, methodName, args);

    public override Task SendAllExceptAsync(string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds, CancellationToken cancellationToken = default) =>
        SendAsync(Recipients.All with { Except = excludedConnectionIds }, methodName, args);

    public override Task SendConnectionAsync(string connectionId, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connectionId);
        return _local.TryFind(connectionId, out var connection)
            ? connection.Context.WriteAsync(new InvocationMessage(methodName, args), cancellationToken).AsTask()
            : SendAsync(Recipients.Connections([connectionId]), methodName, args);
    }

    public override Task SendConnectionsAsync(IReadOnlyList<string> connectionIds, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connectionIds);
        return SendAsync(Recipients.Connections(connectionIds), methodName, args);
    }

    public override Task SendGroupAsync(string groupName, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(groupName);
        return SendAsync(Recipients.Groups(groupName), methodName, args);
    }

    public override Task SendGroupExceptAsync(
        string groupName, string methodName, object?[] args, IReadOnlyList<string> excludedConnectionIds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(groupName);
        return SendAsync(Recipients.Groups(groupName) with { Except = excludedConnectionIds }, methodName, args);
    }

    public override Task SendGroupsAsync(IReadOnlyList<string> groupNames, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(groupNames);
        return SendAsync(Recipients.Groups(groupNames), methodName, args);
    }

    public override Task SendUserAsync(string userId, string methodName, object?[] args, CancellationToken cancellationToken = default) =>
        SendAsync(Recipients.Users(userId), methodName, args);

    public override Task SendUsersAsync(IReadOnlyList<string> userIds, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(userIds);
        return SendAsync(Recipients.Users(userIds), methodName, args);
    }

    /// <summary>Returns when the connection is in the group, wherever it is held: what is sent to the group from then on reaches it.</summary>
    /// <exception cref="IOException">No instance holds the connection.</exception>
    /// <exception cref="TimeoutException">Its instance has not confirmed it within <see cref="HolderAnswers.Limit"/>; it may have done it all the same.</exception>
    public override async Task AddToGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        if (!await ChangeGroupAsync(connectionId, groupName, isMember: true, cancellationToken))
        {
            throw new IOException(NotHeld(connectionId));
        }
    }

    /// <summary>Returns when the connection is not in the group, wherever it is held, or has ended.</summary>
    /// <exception cref="TimeoutException">Its instance has not confirmed it within <see cref="HolderAnswers.Limit"/>; it may have done it all the same.</exception>
    public override Task RemoveFromGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default) =>
        ChangeGroupAsync(connectionId, groupName, isMember: false, cancellationToken);

    /// <summary>
    /// Waits for the client's answer until it is there, the connection ends, or the token is cancelled. If the instance that holds the connection
    /// dies meanwhile, only the token ends the wait.
    /// </summary>
    /// <exception cref="IOException">No instance holds the connection, or it has ended before its client answered.</exception>
    /// <exception cref="HubException">The client answered with an error, or with what is no <typeparamref name="T"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the client may have done what it was asked for.</exception>
    /// <exception cref="TimeoutException">The instance that holds the connection has not said so within <see cref="HolderAnswers.Limit"/>.</exception>
    public override async Task<T> InvokeConnectionAsync<T>(string connectionId, string methodName, object?[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connectionId);
        var id = NewId();
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isHere = _local.TryFind(connectionId, out var connection);
        _results.Add(id, connectionId, typeof(T), connection?.Context.ConnectionAborted ?? CancellationToken.None, completion => Complete(result, connectionId, completion));
        try
        {
            var invocation = new InvocationMessage(id, methodName, args);
            if (isHere)
            {
                await connection!.Context.WriteAsync(invocation, cancellationToken);
            }
            else if (!await AskAsync(new ClientInvocation(id, connectionId, Frames(new SerializedHubMessage(invocation))), cancellationToken))
            {
                throw new IOException(NotHeld(connectionId));
            }

            return await result.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _results.Forget(id);
        }
    }

    public override Task SetConnectionResultAsync(string connectionId, CompletionMessage result)
    {
        _results.Complete(connectionId, result);
        return Task.CompletedTask;
    }

    public override bool TryGetReturnType(string invocationId, [NotNullWhen(true)] out Type? type) => _results.TryGetType(invocationId, out type);

    private static string NewId() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    private static string NotHeld(string connection) => $"Connection {connection} does not exist at any hub instance: it has ended, or its client is about to come back with another.";

    private static void Complete<T>(TaskCompletionSource<T> result, string connection, CompletionMessage? completion)
    {
        if (completion is null)
        {
            result.TrySetException(new IOException($"Connection {connection} has ended before its client answered."));
        }
        else if (completion.HasResult)
        {
            result.TrySetResult((T)completion.Result!);
        }
        else
        {
            result.TrySetException(new HubException(completion.Error));
        }
    }

    /// <summary>The own clients first, who need no Redis; then all other instances, unless every recipient is here.</summary>
    private async Task SendAsync(Recipients recipients, string method, object?[] args)
    {
        var message = new SerializedHubMessage(new InvocationMessage(method, args));
        var elsewhere = recipients.Kind == RecipientKind.Connections
            ? Recipients.Connections(recipients.Names.Where(id => !_local.TryFind(id, out _)))
            : recipients;
        // What a protocol can't write is sent to nobody.
        var send = elsewhere.IsNobody ? null : new ClientSend(elsewhere, Frames(message));
        _local.Write(recipients, message);
        if (send is not null)
        {
            await _link.SendToAllAsync(HubName, send);
        }
    }

    private async Task<bool> ChangeGroupAsync(string connectionId, string group, bool isMember, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connectionId);
        ArgumentNullException.ThrowIfNull(group);
        if (!_local.TryFind(connectionId, out var connection))
        {
            return await AskAsync(new GroupChange(NewId(), connectionId, group, isMember), cancellationToken);
        }

        ChangeGroup(connection, group, isMember);
        return true;
    }

    private static void ChangeGroup(LocalConnection connection, string group, bool isMember)
    {
        if (isMember)
        {
            connection.Join(group);
        }
        else
        {
            connection.Leave(group);
        }
    }

    private Task<bool> AskAsync(ConnectionOrder order, CancellationToken cancellationToken) => _answers.AskAsync(order, sent => _link.SendToAllAsync(HubName, sent), cancellationToken);

    /// <summary>As every protocol that a client may have has it: only its own instance knows which one that is.</summary>
    private Dictionary<string, ReadOnlyMemory<byte>> Frames(SerializedHubMessage message) =>
        _protocols.ToDictionary(protocol => protocol.Name, message.GetSerializedMessage);

    private static SerializedHubMessage FromFrames(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> frames) =>
        new([.. frames.Select(frame => new SerializedMessage(frame.Key, frame.Value))]);

    private void Take(string from, BackplaneBody body)
    {
        switch (body)
        {
            case HolderAnswer answer:
                _answers.Take(answer.Id, answer.Holds);
                break;
            case ClientResult result:
                TakeResult(result);
                break;
            case ConnectionOrder order when _link.IsOwn(from):
                // It would not have asked. Its answer counts, for it counts as one that hears.
                _answers.Take(order.Id, holds: false);
                break;
            case ConnectionOrder order:
                var isHere = _local.TryFind(order.Connection, out var connection);
                if (isHere)
                {
                    CarryOut(from, order, connection!);
                }

                _link.Answer(from, HubName, new HolderAnswer(order.Id, isHere));
                break;
            case ClientSend send when !_link.IsOwn(from):
                _local.Write(send.To, FromFrames(send.Frames));
                break;
        }
    }

    private void CarryOut(string from, ConnectionOrder order, LocalConnection connection)
    {
        switch (order)
        {
            case GroupChange change:
                ChangeGroup(connection, change.Group, change.IsMember);
                break;
            case ClientInvocation invocation:
                // Only who asked knows the type: the answer goes there as the client wrote it.
                _results.Add(
                    order.Id, order.Connection, typeof(RawResult), connection.Context.ConnectionAborted,
                    completion => _link.Answer(from, HubName, Result(order, connection.Context.Protocol, completion)));
                connection.Write(FromFrames(invocation.Frames));
                break;
        }
    }

    private static ClientResult Result(ConnectionOrder order, IHubProtocol protocol, CompletionMessage? completion) => completion is null
        ? new ClientResult(order.Id, order.Connection, Protocol: null, ReadOnlyMemory<byte>.Empty)
        : new ClientResult(order.Id, order.Connection, protocol.Name, protocol.GetMessageBytes(completion));

    private void TakeResult(ClientResult result)
    {
        if (result.Protocol is null)
        {
            _results.End(result.Id);
            return;
        }

        _results.Complete(result.Connection, Read(result));
    }

    private CompletionMessage Read(ClientResult result)
    {
        try
        {
            var frame = new ReadOnlySequence<byte>(result.Frame);
            if (_resolver.GetProtocol(result.Protocol!, supportedProtocols: null) is { } protocol
                && protocol.TryParseMessage(ref frame, _results, out var message) && message is CompletionMessage completion)
            {
                return completion;
            }

            return CompletionMessage.WithError(result.Id, $"The client's answer can't be read: this instance has no protocol {result.Protocol} that knows it.");
        }
        catch (Exception exception)
        {
            return CompletionMessage.WithError(result.Id, $"The client's answer can't be read: {exception.Message}");
        }
    }
}
