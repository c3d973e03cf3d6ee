using System.Text.Json;
using System.Text.Json.Serialization;
using Notifications.Hubs.Operators;

namespace Notifications.Hubs.Instances;

/// <summary>A message of one hub to all hubs, itself included, or to one hub. One of the members is set.</summary>
/// <param name="Question">To all hubs: a question for an operator.</param>
/// <param name="Answer">To the hub that asked: the answer.</param>
/// <param name="UserEnd">To all hubs: a user's connections end.</param>
internal sealed record HubMessage(HubQuestion? Question = null, HubAnswer? Answer = null, UserEnd? UserEnd = null);

/// <summary>A question to all hubs. One of the last two members is set.</summary>
/// <param name="Id">A random name.</param>
/// <param name="From">The instance that asks.</param>
/// <param name="ConnectionsOf">A user. Each hub answers with its connections of this user.</param>
/// <param name="Drain">An order that one of the hubs has to follow.</param>
internal sealed record HubQuestion(string Id, string From, string? ConnectionsOf = null, DrainOrder? Drain = null);

/// <summary>An order to an instance: to hand its clients to others (drained), or to take new ones again.</summary>
internal sealed record DrainOrder(string Instance, bool IsDrained);

/// <summary>The answer to the question of that id: how many connections of the user the instance has, and the first of them.</summary>
internal sealed record HubAnswer(string Question, string Instance, int ConnectionCount, IReadOnlyList<UserConnection> Connections);

/// <summary>
/// A user's connections end now. Tokens that were issued up to <paramref name="RevokedUntil"/> are refused from now on; null: the user's tokens stay valid.
/// </summary>
internal sealed record UserEnd(string User, DateTimeOffset? RevokedUntil);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HubMessage))]
internal sealed partial class HubMessageJson : JsonSerializerContext;
