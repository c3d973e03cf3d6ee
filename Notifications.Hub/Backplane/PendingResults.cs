using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Notifications.Hubs.Backplane;

/// <summary>
/// The results that are awaited from clients, by the id of their invocation: those that this instance asked for, wherever the client is, and those
/// that its clients owe to another instance.
/// </summary>
internal sealed class PendingResults : IInvocationBinder
{
    private readonly ConcurrentDictionary<string, PendingResult> _pending = new(StringComparer.Ordinal);

    /// <param name="id">Of the invocation.</param>
    /// <param name="connection">Whose client answers; nobody else may.</param>
    /// <param name="type">What the answer is read as.</param>
    /// <param name="ended">The connection's end, where it is held here.</param>
    /// <param name="complete">Called once with the answer, or null if the connection ended before; never if it is forgotten.</param>
    public void Add(string id, string connection, Type type, CancellationToken ended, Action<CompletionMessage?> complete)
    {
        var pending = _pending[id] = new PendingResult(connection, type, complete);
        // At once, if it has ended.
        pending.WhenEnded = ended.UnsafeRegister(_ => Take(id)?.Complete(null), null);
    }

    public void Forget(string id) => Take(id);

    /// <exception cref="InvalidOperationException">Another client's answer is awaited.</exception>
    public void Complete(string connection, CompletionMessage result)
    {
        if (!_pending.TryGetValue(result.InvocationId!, out var pending))
        {
            // It comes too late, or a second time.
            return;
        }

        if (pending.Connection != connection)
        {
            throw new InvalidOperationException($"Connection {connection} has answered the invocation {result.InvocationId}, which is another's.");
        }

        Take(result.InvocationId!)?.Complete(result);
    }

    /// <summary>The connection has ended at another instance.</summary>
    public void End(string id) => Take(id)?.Complete(null);

    public bool TryGetType(string id, [NotNullWhen(true)] out Type? type)
    {
        type = _pending.GetValueOrDefault(id)?.Type;
        return type is not null;
    }

    public Type GetReturnType(string invocationId) =>
        TryGetType(invocationId, out var type) ? type : throw new InvalidOperationException($"No result of an invocation {invocationId} is awaited.");

    public IReadOnlyList<Type> GetParameterTypes(string methodName) => throw new NotSupportedException("An instance sends another no calls of the hub's methods.");

    public Type GetStreamItemType(string streamId) => throw new NotSupportedException("An instance sends another no streams.");

    private PendingResult? Take(string id)
    {
        if (!_pending.TryRemove(id, out var pending))
        {
            return null;
        }

        pending.WhenEnded.Unregister();
        return pending;
    }

    private sealed class PendingResult(string connection, Type type, Action<CompletionMessage?> complete)
    {
        public string Connection => connection;

        public Type Type => type;

        public CancellationTokenRegistration WhenEnded { get; set; }

        public void Complete(CompletionMessage? result) => complete(result);
    }
}
