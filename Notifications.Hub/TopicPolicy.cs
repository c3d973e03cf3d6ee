using System.Security.Claims;

namespace Notifications.Hubs;

/// <summary>
/// Decides who may read which topic. By default every user may read every topic. To decide otherwise, derive a class from it and register the class as
/// <see cref="TopicPolicy"/>.
/// </summary>
public class TopicPolicy
{
    public virtual bool MayRead(ClaimsPrincipal user, StreamName topic) => true;
}
