// A plain SignalR client that keeps no cookies, like SignalR's older clients in Node. Its requests go to the gateways in turn.
// Prints the id of the hub instance that answered.
// Usage: node cookieless-client.js <transport> <token> <hub at a gateway> <hub at another gateway>
import { HttpClient, HttpError, HttpResponse, HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';

const [transport, token, ...hubs] = process.argv.slice(2);
let requests = 0;

class CookielessHttpClient extends HttpClient {
  async send({ method, url, content, headers, abortSignal }) {
    const abort = new AbortController();
    if (abortSignal) {
      abortSignal.onabort = () => abort.abort();
    }

    const response = await fetch(url.replace(hubs[0], hubs[requests++ % 2]), { method, body: content || undefined, headers, signal: abort.signal });
    const body = await response.text();
    if (!response.ok) {
      throw new HttpError(`${response.status} ${body}`, response.status);
    }

    return new HttpResponse(response.status, response.statusText, body);
  }
}

const connection = new HubConnectionBuilder()
  .withUrl(hubs[0], { transport: HttpTransportType[transport], accessTokenFactory: () => token, httpClient: new CookielessHttpClient() })
  .configureLogging(LogLevel.Error)
  .build();
await connection.start();
console.log(await connection.invoke('Instance'));
await connection.stop();
