using Notifications.Hubs;
using Notifications.Hubs.Instances;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddTokenAuthentication();
builder.AddRedis();
builder.AddNotificationHub();
builder.AddInstance();

var app = builder.Build();
app.UseAuthentication();
app.UseAuthorization();
app.UseDrainingRefusal();
app.MapDefaultEndpoints();
app.MapNotificationHub();
app.Run();
