#pragma warning disable ASPIREPROBES001 // For evaluation only, says Aspire: probes may change in a later release.

namespace Notifications.AppHost.Deployment.Targets;

/// <summary>What the platform asks the services. Not in <c>AppHost.cs</c>, since a run looks at <c>/health</c> alone.</summary>
internal static class Probes
{
    /// <summary>
    /// Not ready: no new traffic, connections stay. Not alive, three times in a row: started anew. <c>/alive</c> asks nothing but the process
    /// itself, so that Redis away restarts nobody.
    /// </summary>
    public static void WithProbes(this PublishedServices services)
    {
        foreach (var service in services.All)
        {
            // As annotations: WithHttpProbe would add a health check for each, and AppHost.cs has that already.
            var endpoint = service.GetEndpoint("http");
            service
                .WithAnnotation(new EndpointProbeAnnotation
                {
                    EndpointReference = endpoint,
                    Type = ProbeType.Startup,
                    Path = "/alive",
                    InitialDelaySeconds = 1,
                    PeriodSeconds = 2,
                    TimeoutSeconds = 2,
                    FailureThreshold = 30,
                })
                .WithAnnotation(new EndpointProbeAnnotation
                {
                    EndpointReference = endpoint,
                    Type = ProbeType.Readiness,
                    Path = "/health",
                    PeriodSeconds = 5,
                    TimeoutSeconds = 3,
                    FailureThreshold = 2,
                })
                .WithAnnotation(new EndpointProbeAnnotation
                {
                    EndpointReference = endpoint,
                    Type = ProbeType.Liveness,
                    Path = "/alive",
                    PeriodSeconds = 10,
                    TimeoutSeconds = 5,
                    FailureThreshold = 3,
                });
        }
    }
}
