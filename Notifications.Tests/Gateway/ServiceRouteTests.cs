using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xunit;

namespace Notifications.Tests.Gateway;

/// <summary>APIs of an adopter's own services behind the gateway.</summary>
public sealed class ServiceRouteTests
{
    [Fact]
    public async Task An_API_of_the_configuration_is_forwarded_for_callers_with_a_token()
    {
        await using var service = await StartServiceAsync();
        await using var gateway = await RunningGateway.StartAsync(settings: new()
        {
            ["Gateway:Routes:billing:Path"] = "/api/billing",
            ["Gateway:Routes:billing:Address"] = "http://billing",
            ["services:billing:http:0"] = service.Urls.Single(),
        });
        using var ann = gateway.Browser(TestTokens.Create("ann"));
        using var nobody = gateway.Browser();

        Assert.Equal("/api/billing/7?x=1", await ann.GetStringAsync("/api/billing/7?x=1"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/api/billing/7")).StatusCode);
        Assert.Equal(
            (HttpStatusCode.NotFound, "Nothing is at /api/billings. The gateway has /hubs, /api/notifications, /api/devices, /api/users, /api/operator, /api/billing and /api/orders."),
            await RunningGateway.ProblemOf(await ann.GetAsync("/api/billings")));
    }

    [Theory]
    [InlineData("/api/notifications/mine", "http://billing", "Gateway:Routes:billing:Path is \"/api/notifications/mine\"")]
    [InlineData("/api", "http://billing", "Gateway:Routes:billing:Path is \"/api\"")]
    [InlineData("api/billing", "http://billing", "Gateway:Routes:billing:Path is \"api/billing\"")]
    [InlineData("/api/billing", "billing:80", "Gateway:Routes:billing:Address is \"billing:80\"")]
    public async Task A_route_that_takes_a_path_of_the_gateways_own_or_leads_nowhere_is_refused_at_the_start(string path, string address, string refusal)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => RunningGateway.StartAsync(settings: new()
        {
            ["Gateway:Routes:billing:Path"] = path,
            ["Gateway:Routes:billing:Address"] = address,
        }));

        Assert.Contains(refusal, refused.Message);
    }

    /// <summary>Answers with what it was asked for.</summary>
    private static async Task<WebApplication> StartServiceAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(context => context.Response.WriteAsync($"{context.Request.Path}{context.Request.QueryString}"));
        await app.StartAsync();
        return app;
    }
}
