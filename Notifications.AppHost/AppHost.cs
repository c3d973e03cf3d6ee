using Microsoft.Extensions.Configuration;
using Notifications.AppHost;
using Notifications.AppHost.Redis;

var builder = DistributedApplication.CreateBuilder(args);

var redis = builder.AddRedisStore("redis");
var tokenKeys = builder.AddTokenKeys();

var hub = builder.AddProject<Projects.Notifications_Hub>("hub", launchProfileName: null)
    .WithReplicas(builder.Configuration.GetValue("HUB_REPLICAS", 3))
    .WithHttpEndpoint()
    .WithHttpHealthCheck("/health")
    .WithHostEnvironment()
    .WithTokenKeys(tokenKeys)
    .WithReference(redis).WaitFor(redis);

var orders = builder.AddProject<Projects.Notifications_OrderService>("orders", launchProfileName: null)
    .WithReplicas(builder.Configuration.GetValue("ORDERS_REPLICAS", 1))
    .WithHttpEndpoint()
    .WithHttpHealthCheck("/health")
    .WithHostEnvironment()
    .WithTokenKeys(tokenKeys)
    .WithOrdersDatabase()
    .WithReference(redis).WaitFor(redis);

var gateway = builder.AddProject<Projects.Notifications_Gateway>("gateway", launchProfileName: null)
    .WithReplicas(builder.Configuration.GetValue("GATEWAY_REPLICAS", 1))
    .WithHttpEndpoint(port: builder.OuterPort("GATEWAY_PORT", 8080))
    .WithExternalHttpEndpoints()
    .WithHttpHealthCheck("/health")
    .WithUrlForEndpoint("http", url => url.DisplayText = "Demo page")
    .WithUrlForEndpoint("http", _ => new ResourceUrlAnnotation { Url = "/operator", DisplayText = "Operator's page" })
    .WithHostEnvironment()
    .WithTokenKeys(tokenKeys)
    .WithReference(redis).WaitFor(redis)
    .WithReference(hub).WaitFor(hub)
    .WithReference(orders).WaitFor(orders);

hub.WithDrainCommands(gateway);
builder.AddDashboardAddress();
builder.AddStartReport(gateway);
builder.Build().Run();
