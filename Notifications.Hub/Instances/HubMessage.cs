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

/// <param name="Instance">The instance that has to follow the order.</param>
/// <param name="IsDrained">True: it hands its clients to others. False: it takes new ones again.</param>
internal sealed record DrainOrder(string Instance, bool IsDrained);

/// <param name="Question">The id of the question.</param>
/// <param name="Instance">The instance that answers.</param>
/// <param name="ConnectionCount">How many connections of the user it has.</param>
/// <param name="Connections">The first of these connections.</param>
internal sealed record HubAnswer(string Question, string Instance, int ConnectionCount, IReadOnlyList<UserConnection> Connections);

/// <summary>A user's connections end now.</summary>
/// <param name="User">The user's id.</param>
/// <param name="RevokedUntil">Tokens that were issued up to this time are refused from now on; null: the user's tokens stay valid.</param>
internal sealed record UserEnd(string User, DateTimeOffset? RevokedUntil);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HubMessage))]
internal sealed partial class HubMessageJson : JsonSerializerContext;
