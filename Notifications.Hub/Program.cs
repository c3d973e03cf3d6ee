using Notifications.Hubs;
using Notifications.Hubs.Escalations;
using Notifications.Hubs.Instances;
using Notifications.Hubs.Operators;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddTokenAuthentication();
builder.AddRedis();
builder.AddNotificationHub();
builder.AddNotificationApi();
builder.AddEscalation();
builder.AddInstance();
builder.AddOperators();

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseAuthentication();
app.UseAuthorization();
app.UseSessionRefusal();
app.MapDefaultEndpoints();
app.MapNotificationHub();
app.MapNotificationApi();
app.MapDeviceApi();
app.MapUserApi();
app.MapOperatorApi();
app.Run();
