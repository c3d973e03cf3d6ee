using System.Text.Json;
using System.Text.Json.Serialization;
using Notifications.Hubs.Operators;

namespace Notifications.Hubs.Instances;

/// <summary>What one hub tells all hubs, itself among them, or one of them. One of the members is set.</summary>
/// <param name="Question">To all, for an operator.</param>
/// <param name="Answer">To the one that asked.</param>
/// <param name="UserEnd">To all.</param>
internal sealed record HubMessage(HubQuestion? Question = null, HubAnswer? Answer = null, UserEnd? UserEnd = null);

/// <summary>One of the two last members is set.</summary>
/// <param name="Id">A random name.</param>
/// <param name="From">The instance that asks.</param>
/// <param name="ConnectionsOf">Which connections each has of this user.</param>
/// <param name="Drain">What one of them is to do.</param>
internal sealed record HubQuestion(string Id, string From, string? ConnectionsOf = null, DrainOrder? Drain = null);

/// <param name="Instance">Who is meant.</param>
/// <param name="IsDrained">It is to hand its clients to others; false: not any more.</param>
internal sealed record DrainOrder(string Instance, bool IsDrained);

/// <param name="Question">Its id.</param>
/// <param name="Instance">Who answers.</param>
/// <param name="ConnectionCount">How many connections of the user it has.</param>
/// <param name="Connections">The first of them.</param>
internal sealed record HubAnswer(string Question, string Instance, int ConnectionCount, IReadOnlyList<UserConnection> Connections);

/// <summary>A user's connections end now.</summary>
/// <param name="User">The user's id.</param>
/// <param name="RevokedUntil">Tokens issued until then are refused from now on; null: the user's tokens stay good.</param>
internal sealed record UserEnd(string User, DateTimeOffset? RevokedUntil);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HubMessage))]
internal sealed partial class HubMessageJson : JsonSerializerContext;
