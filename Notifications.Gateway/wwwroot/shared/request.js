/** The error of a request that the gateway or a service refused, with the status and the text of the problem details. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** @returns {Promise<any>} The JSON of the answer. */
export async function request(path, method, body, headers = {}) {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? headers : { ...headers, 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const isJson = /\bjson\b/.test(response.headers.get('Content-Type') ?? '');
  const content = isJson ? await response.json() : undefined;
  if (!response.ok) {
    throw new Refused(response.status, content?.detail ?? content?.title ?? `${method} ${path} answered ${response.status}.`);
  }

  return content;
}

/**
 * Headers for requests that a page repeats by itself. They begin a trace that is not sampled (W3C trace context), so that these traces do not
 * hide the traces of people's own requests.
 */
export function untraced() {
  const hex = bytes => [...crypto.getRandomValues(new Uint8Array(bytes))].map(byte => byte.toString(16).padStart(2, '0')).join('');
  return { traceparent: `00-${hex(16)}-${hex(8)}-00` };
}
