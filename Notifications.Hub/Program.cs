using Notifications.Hubs;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddHubService();

var app = builder.Build();
app.MapDefaultEndpoints();
app.MapHubService();
app.Run();
