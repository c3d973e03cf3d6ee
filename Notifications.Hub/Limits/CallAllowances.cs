namespace Notifications.Hubs.Limits;

/// <summary>What a connection may call: a feature of it, from when it is connected.</summary>
/// <param name="Invocations">What may be called.</param>
/// <param name="Acknowledgements">What may be acknowledged.</param>
/// <param name="Refusals">What may be refused before the connection goes.</param>
internal sealed record CallAllowances(Allowance Invocations, Allowance Acknowledgements, Allowance Refusals);
