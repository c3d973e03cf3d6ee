using Microsoft.AspNetCore.SignalR;

namespace StockSignalR;

/// <summary>SignalR with its Redis backplane, as its documentation sets it up.</summary>
internal static class HubServer
{
    public static async Task RunAsync(string url, string redis)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton<IUserIdProvider, UserInQuery>();
        builder.Services.AddSignalR().AddStackExchangeRedis(redis);
        await using var app = builder.Build();
        app.MapHub<LoadHub>("/hub");
        await app.RunAsync(url);
    }
}

internal sealed class LoadHub : Hub
{
    public override async Task OnConnectedAsync()
    {
        if (Context.GetHttpContext()!.Request.Query["topic"] is [{ } topic])
        {
            await Groups.AddToGroupAsync(Context.ConnectionId, topic);
        }

        // SignalR has subscribed to the user's channel before this.
        await Clients.Caller.SendAsync("ready");
    }
}

internal sealed class UserInQuery : IUserIdProvider
{
    public string? GetUserId(HubConnectionContext connection) => connection.GetHttpContext()!.Request.Query["user"];
}
