using Notifications.Hubs;

var builder = WebApplication.CreateBuilder(args);
builder.AddHubService();

var app = builder.Build();
app.MapHubService();
app.Run();
