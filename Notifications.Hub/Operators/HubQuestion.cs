using System.Text.Json;
using System.Text.Json.Serialization;

namespace Notifications.Hubs.Operators;

/// <summary>What a hub asks all hubs, itself among them, for an operator. One of the two last members is set.</summary>
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

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(HubQuestion))]
[JsonSerializable(typeof(HubAnswer))]
internal sealed partial class QuestionJson : JsonSerializerContext;
