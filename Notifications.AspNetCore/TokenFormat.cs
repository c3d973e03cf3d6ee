using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Notifications.AspNetCore;

/// <summary>
/// The names of the audience, the claims and the roles in the issuer's tokens: the section <c>Authentication</c>. After a
/// token was checked, its claims have the names of <see cref="TokenNames"/>, whatever names the issuer uses.
/// </summary>
public sealed class TokenFormat : IValidatableObject
{
    public const string Section = "Authentication";

    private static readonly string[] KnownRoles = [TokenNames.StaffRole, TokenNames.PublisherRole, TokenNames.OperatorRole, TokenNames.MonitorRole];

    /// <summary>The audience that a token has to have (claim <c>aud</c>). Default <c>notifications</c>.</summary>
    [Required]
    public string Audience { get; set; } = TokenNames.Audience;

    /// <summary>The claim with the user's id. Default <c>sub</c>.</summary>
    [Required]
    public string UserClaim { get; set; } = TokenNames.UserClaim;

    /// <summary>The claim with the caller's roles, one or an array. Default <c>roles</c>.</summary>
    [Required]
    public string RoleClaim { get; set; } = TokenNames.RoleClaim;

    /// <summary>
    /// The issuer's name of each role, by the system's name: <c>Authentication:Roles:operator</c>. A role without an entry has the system's name.
    /// </summary>
    public Dictionary<string, string> Roles { get; } = [];

    /// <summary>The issuer's name of a role of the system.</summary>
    public string NameOf(string role) => Roles.GetValueOrDefault(role, role);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Roles
        .Where(role => !KnownRoles.Contains(role.Key) || string.IsNullOrWhiteSpace(role.Value))
        .Select(role => new ValidationResult(
            $"{Section}:{nameof(Roles)}:{role.Key} is \"{role.Value}\". The roles are {string.Join(", ", KnownRoles)}, and each takes the name that the issuer has for it."));

    internal IEnumerable<Claim> Translate(IEnumerable<Claim> issued)
    {
        var names = KnownRoles.ToLookup(NameOf);
        foreach (var claim in issued)
        {
            if (claim.Type == UserClaim)
            {
                yield return new Claim(TokenNames.UserClaim, claim.Value, claim.ValueType, claim.Issuer);
            }
            else if (claim.Type == RoleClaim)
            {
                foreach (var role in names[claim.Value])
                {
                    yield return new Claim(TokenNames.RoleClaim, role, claim.ValueType, claim.Issuer);
                }
            }
            else if (claim.Type is not (TokenNames.UserClaim or TokenNames.RoleClaim))
            {
                yield return claim;
            }
        }
    }
}

/// <summary>Gives the claims of a checked token the system's names.</summary>
internal sealed class TokenTranslation(IOptions<TokenFormat> format) : IClaimsTransformation
{
    private const string Done = "translated";

    public Task<ClaimsPrincipal> TransformAsync(ClaimsPrincipal principal) => Task.FromResult(
        principal.Identity is ClaimsIdentity { IsAuthenticated: true } identity && identity.Label != Done
            ? new ClaimsPrincipal(new ClaimsIdentity(
                format.Value.Translate(identity.Claims), identity.AuthenticationType, TokenNames.UserClaim, TokenNames.RoleClaim) { Label = Done })
            : principal);
}
