using StockSignalR;

switch (args)
{
    case ["hub", var url, var redis]:
        await HubServer.RunAsync(url, redis);
        return 0;
    case ["proxy", var url, .. var hubs] when hubs.Length > 0:
        await ProxyServer.RunAsync(url, hubs);
        return 0;
    case ["publisher", var redis]:
        await Publisher.RunAsync(redis);
        return 0;
    default:
        Console.Error.WriteLine("Usage: StockSignalR hub <url> <redis> | proxy <url> <hub> … | publisher <redis>");
        return 2;
}
