using System.Text.Json;
using System.Text.Json.Serialization;

namespace Notifications.Hubs.Backplane;

/// <summary>What a hub instance tells others about clients.</summary>
/// <param name="From">The instance that says it.</param>
/// <param name="Hub">The full name of the hub class whose clients are meant.</param>
/// <param name="Body">What it says. An instance that does not know the kind leaves the message out and logs that.</param>
internal sealed record BackplaneMessage(string From, string Hub, BackplaneBody Body);

[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ClientSend), "send")]
[JsonDerivedType(typeof(GroupChange), "group")]
[JsonDerivedType(typeof(ClientInvocation), "invocation")]
[JsonDerivedType(typeof(HolderAnswer), "answer")]
[JsonDerivedType(typeof(ClientResult), "result")]
internal abstract record BackplaneBody;

/// <summary>To all instances: each writes it to those recipients that it holds.</summary>
/// <param name="To">Who is to get it.</param>
/// <param name="Frames">The message as each of SignalR's protocols has it, by the protocol's name.</param>
internal sealed record ClientSend(Recipients To, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Frames) : BackplaneBody;

/// <summary>To all instances, about one connection. Each answers whether it holds it (<see cref="HolderAnswer"/>); the one that does carries the order out first.</summary>
/// <param name="Id">A random name.</param>
/// <param name="Connection">The connection's id.</param>
internal abstract record ConnectionOrder(string Id, string Connection) : BackplaneBody;

/// <summary>The connection is to be in the group, or not to be.</summary>
internal sealed record GroupChange(string Id, string Connection, string Group, bool IsMember) : ConnectionOrder(Id, Connection);

/// <summary>The client's method is called, and what it answers comes as <see cref="ClientResult"/>. Frames are as in <see cref="ClientSend"/>; the id is SignalR's for the invocation, too.</summary>
internal sealed record ClientInvocation(string Id, string Connection, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Frames) : ConnectionOrder(Id, Connection);

/// <summary>To the instance that gave the order.</summary>
/// <param name="Id">The order's.</param>
/// <param name="Holds">The connection is here, and the order is carried out.</param>
internal sealed record HolderAnswer(string Id, bool Holds) : BackplaneBody;

/// <summary>To the instance that had the client's method called.</summary>
/// <param name="Id">The order's.</param>
/// <param name="Connection">The connection's id.</param>
/// <param name="Protocol">The name of the client's protocol; null if the connection ended before the client answered.</param>
/// <param name="Frame">The client's answer in that protocol.</param>
internal sealed record ClientResult(string Id, string Connection, string? Protocol, ReadOnlyMemory<byte> Frame) : BackplaneBody;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, UseStringEnumConverter = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(BackplaneMessage))]
internal sealed partial class BackplaneJson : JsonSerializerContext;
