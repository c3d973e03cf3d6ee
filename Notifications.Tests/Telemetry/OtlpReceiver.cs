using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Notifications.Tests.Telemetry.Otlp;

namespace Notifications.Tests.Telemetry;

/// <summary>Receives what services export by OTLP/gRPC on a free port, and keeps the spans.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SpanStore _store;

    private OtlpReceiver(WebApplication app)
    {
        _app = app;
        _store = app.Services.GetRequiredService<SpanStore>();
    }

    /// <summary>For <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>.</summary>
    public string Endpoint => _app.Urls.Single();

    public IReadOnlyList<ReceivedSpan> Spans => [.. _store.Spans];

    /// <summary>Every request as its bytes were, if they are kept.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Payloads => [.. _store.Payloads];

    /// <param name="keepsPayloads">Whether <see cref="Payloads"/> are kept.</param>
    public static async Task<OtlpReceiver> StartAsync(bool keepsPayloads = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = null);
        builder.Services.AddSingleton(new SpanStore(keepsPayloads));
        var app = builder.Build();
        app.MapGrpcService<Traces>();
        app.MapGrpcService<Metrics>();
        app.MapGrpcService<Logs>();
        await app.StartAsync();
        return new OtlpReceiver(app);
    }

    /// <summary>Waits until the spans received so far satisfy <paramref name="condition"/>, and returns them.</summary>
    public Task<IReadOnlyList<ReceivedSpan>> WaitForAsync(Func<IReadOnlyList<ReceivedSpan>, bool> condition, string what, TimeSpan? limit = null) =>
        Eventually.Value(() => Task.FromResult(Spans is var spans && condition(spans) ? spans : null), what, limit);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private sealed class SpanStore(bool keepsPayloads)
    {
        public ConcurrentQueue<ReadOnlyMemory<byte>> Payloads { get; } = new();

        public void Keep(IMessage request)
        {
            if (keepsPayloads)
            {
                Payloads.Enqueue(request.ToByteArray());
            }
        }

        public ConcurrentQueue<ReceivedSpan> Spans { get; } = new();
    }

    private sealed class Traces(SpanStore store) : TraceService.TraceServiceBase
    {
        public override Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context)
        {
            store.Keep(request);
            foreach (var resource in request.ResourceSpans)
            {
                foreach (var span in resource.ScopeSpans.SelectMany(scope => scope.Spans))
                {
                    store.Spans.Enqueue(ReceivedSpan.Of(span, resource.Resource));
                }
            }

            return Task.FromResult(new ExportTraceServiceResponse());
        }
    }

    private sealed class Metrics(SpanStore store) : MetricsService.MetricsServiceBase
    {
        public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
        {
            store.Keep(request);
            return Task.FromResult(new ExportMetricsServiceResponse());
        }
    }

    private sealed class Logs(SpanStore store) : LogsService.LogsServiceBase
    {
        public override Task<ExportLogsServiceResponse> Export(ExportLogsServiceRequest request, ServerCallContext context)
        {
            store.Keep(request);
            return Task.FromResult(new ExportLogsServiceResponse());
        }
    }
}
