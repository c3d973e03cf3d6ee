using Notifications.Messaging;
using Notifications.OrderService;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddTokenAuthentication();
builder.AddRedis();
builder.Services.AddNotificationPublisher();
builder.AddErrorResponses("The orders are at /api/orders and /api/orders/{id}.");
builder.AddOrders();

var app = builder.Build();
app.UseErrorResponses();
app.UseAuthentication();
app.UseAuthorization();
app.MapDefaultEndpoints();
app.MapOrders();
app.Run();
