namespace Aspire.Hosting;

/// <summary>Local hosting runs the system; publishing it takes the genuine packages.</summary>
public sealed class DistributedApplicationExecutionContext
{
    public bool IsRunMode => true;
    public bool IsPublishMode => false;
}
