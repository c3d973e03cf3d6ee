using System.Security.Claims;

namespace Notifications.Hubs;

/// <summary>
/// Who may read which topic: by default every user every topic. To decide otherwise derive from it and register the derived
/// class as <see cref="TopicPolicy"/>.
/// </summary>
public class TopicPolicy
{
    public virtual bool MayRead(ClaimsPrincipal user, StreamName topic) => true;
}
