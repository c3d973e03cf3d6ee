using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Notifications.Transport.Links;

namespace Notifications.Transport.HubEnd;

/// <summary>
/// The request that begins a session over a link. To the rest of the hub it looks like any other request. Its answer is an upgrade or a short response.
/// </summary>
internal sealed class LinkedRequest : IHttpUpgradeFeature, IHttpRequestLifetimeFeature, IHttpResponseFeature
{
    private readonly HubSession _session;
    private readonly FeatureCollection _features = new();
    private readonly MemoryStream _body = new();
    private readonly CancellationTokenSource _aborted = new();
    private readonly Stack<(Func<object, Task> Callback, object State)> _starting = new();
    private readonly Stack<(Func<object, Task> Callback, object State)> _completed = new();

    /// <exception cref="IOException">The path does not begin with a slash.</exception>
    public LinkedRequest(HubSession session, LinkHead head, IFeatureCollection link)
    {
        _session = session;
        var (path, query) = head.First.Split('?', 2) is [var before, var after] ? (before, "?" + after) : (head.First, "");
        if (!path.StartsWith('/'))
        {
            throw new IOException($"A session asks for \"{path}\", which is no path.");
        }

        var request = new HttpRequestFeature
        {
            Protocol = HttpProtocol.Http11,
            Method = HttpMethods.Get,
            Scheme = "http",
            Path = Uri.UnescapeDataString(path),
            QueryString = query,
            RawTarget = head.First,
        };
        foreach (var (name, value) in head.Headers)
        {
            request.Headers.Append(name, value);
        }

        _features.Set<IHttpRequestFeature>(request);
        _features.Set<IHttpResponseFeature>(this);
        _features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(_body));
        _features.Set<IHttpUpgradeFeature>(this);
        _features.Set<IHttpRequestLifetimeFeature>(this);
        // The link's own connection.
        _features.Set(link.Get<IHttpConnectionFeature>());
        _features.Set<IMessageSender>(session);
        session.Ended = Aborted;
    }

    public bool IsUpgradableRequest => true;

    public CancellationToken RequestAborted { get => _aborted.Token; set => throw new NotSupportedException(); }

    public int StatusCode { get; set; } = StatusCodes.Status200OK;

    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    public Stream Body { get => _body; set => throw new NotSupportedException(); }

    public bool HasStarted { get; private set; }

    public void OnStarting(Func<object, Task> callback, object state) => _starting.Push((callback, state));

    public void OnCompleted(Func<object, Task> callback, object state) => _completed.Push((callback, state));

    public void Abort()
    {
        _session.Close(isBroken: true);
        Aborted();
    }

    public async Task<Stream> UpgradeAsync()
    {
        StatusCode = StatusCodes.Status101SwitchingProtocols;
        await AnswerAsync();
        return _session;
    }

    public async Task RunAsync(IHttpContextFactory contexts, RequestDelegate next, ILogger logger)
    {
        HttpContext? context = null;
        try
        {
            context = contexts.Create(_features);
            await next(context);
            if (!HasStarted)
            {
                await _features.GetRequiredFeature<IHttpResponseBodyFeature>().CompleteAsync();
                await AnswerAsync();
                await _session.WriteAsync(_body.GetBuffer().AsMemory(0, (int)_body.Length), RequestAborted);
            }

            _session.Close();
        }
        catch (Exception exception)
        {
            if (!RequestAborted.IsCancellationRequested)
            {
                Log.SessionFailed(logger, exception);
                if (!HasStarted)
                {
                    // As Kestrel does.
                    HasStarted = true;
                    _session.Refuse(StatusCodes.Status500InternalServerError);
                }
            }

            Abort();
        }

        try
        {
            while (_completed.TryPop(out var each))
            {
                await each.Callback(each.State);
            }
        }
        catch (Exception exception)
        {
            Log.SessionFailed(logger, exception);
        }

        if (context is not null)
        {
            contexts.Dispose(context);
        }
    }

    /// <summary>Cancels on another thread, because this one receives for all sessions of the link.</summary>
    private void Aborted() => _ = _aborted.CancelAsync();

    private async Task AnswerAsync()
    {
        while (_starting.TryPop(out var each))
        {
            await each.Callback(each.State);
        }

        _session.Answer(LinkHead.Of(StatusCode.ToString(CultureInfo.InvariantCulture), Headers));
        HasStarted = true;
    }
}
