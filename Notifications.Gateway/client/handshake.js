import { DefaultHttpClient, HttpClient, HttpError, HttpResponse, NullLogger } from '@microsoft/signalr';

/** @import { HttpRequest } from '@microsoft/signalr' */

/**
 * SignalR's HTTP client for all requests except the handshake. It sends the handshake itself, to read the Retry-After of a server that
 * refuses it (429, 503). SignalR's error does not have it.
 */
export class HandshakeHttpClient extends HttpClient {
  #rest = new DefaultHttpClient(NullLogger.instance);
  #onRetryAfter;
  /** The cookies of an ingress that keeps a session at its hub. A browser hides them and sends them itself. Elsewhere this client has to send them. */
  #cookies = '';

  /** @param {(milliseconds: number) => void} onRetryAfter */
  constructor(onRetryAfter) {
    super();
    this.#onRetryAfter = onRetryAfter;
  }

  /**
   * @override
   * @param {HttpRequest} request
   */
  send(request) {
    if (request.method === 'POST' && new URL(request.url ?? '').pathname.endsWith('/negotiate')) {
      return this.#handshake(request);
    }

    return this.#rest.send(this.#cookies === '' ? request : { ...request, headers: { ...request.headers, Cookie: this.#cookies } });
  }

  /**
   * @override
   * @param {string} url
   */
  getCookieString(url) {
    return this.#cookies || this.#rest.getCookieString(url);
  }

  /** @param {HttpRequest} request */
  async #handshake({ url = '', headers, timeout, withCredentials }) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'X-Requested-With': 'XMLHttpRequest', ...headers },
      cache: 'no-cache',
      credentials: withCredentials ? 'include' : 'same-origin',
      signal: timeout ? AbortSignal.timeout(timeout) : undefined,
    });
    const content = await response.text();
    if (!response.ok) {
      if (response.status === 429 || response.status === 503) {
        this.#onRetryAfter(delay(response.headers.get('Retry-After')));
      }

      throw new HttpError(content || response.statusText, response.status);
    }

    this.#cookies = (response.headers.getSetCookie?.() ?? []).map(cookie => cookie.split(';', 1)[0]).join('; ');
    return new HttpResponse(response.status, response.statusText, content);
  }
}

/**
 * @param {string | null} retryAfter seconds or a date
 * @returns {number} milliseconds
 */
function delay(retryAfter) {
  const milliseconds = /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) * 1_000 : Date.parse(retryAfter ?? '') - Date.now();
  return Math.max(0, milliseconds || 0);
}
