namespace Notifications.Hubs.Limits;

/// <summary>The calls that a connection may make. A feature of the connection, from when it is connected.</summary>
/// <param name="Invocations">The calls that are served.</param>
/// <param name="Acknowledgements">The acknowledgements that are served.</param>
/// <param name="Refusals">The calls that are refused before the connection is closed.</param>
internal sealed record CallAllowances(Allowance Invocations, Allowance Acknowledgements, Allowance Refusals);
