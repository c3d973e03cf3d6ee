using Notifications.Messaging;
using Notifications.OrderService;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddTokenAuthentication();
builder.AddRedis();
builder.Services.AddNotificationPublisher();
builder.AddErrorResponses();
builder.AddOrders();

var app = builder.Build();
app.UseErrorResponses();
app.UseAuthentication();
app.UseAuthorization();
app.MapDefaultEndpoints();
app.MapOrders();
app.Run();
