const RENEW_BEFORE = 60_000;

/** Someone signed in: gets tokens, renews them, and calls the API with them. */
export class Session {
  #token = '';
  #expires = 0;

  /**
   * @param {string} user
   * @param {string[]} roles
   */
  constructor(user, roles = []) {
    this.user = user;
    this.roles = roles;
  }

  async token() {
    if (Date.now() > this.#expires - RENEW_BEFORE) {
      const { accessToken } = await request('/dev/token', 'POST', { user: this.user, roles: this.roles });
      this.#token = accessToken;
      this.#expires = expiryOf(accessToken);
    }

    return this.#token;
  }

  async call(path, method = 'GET', body = undefined) {
    return request(path, method, body, { Authorization: `Bearer ${await this.token()}` });
  }
}

async function request(path, method, body, headers = {}) {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? headers : { ...headers, 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const isJson = /\bjson\b/.test(response.headers.get('Content-Type') ?? '');
  const content = isJson ? await response.json() : undefined;
  if (!response.ok) {
    throw new Error(content?.detail ?? content?.title ?? `${method} ${path} answered ${response.status}.`);
  }

  return content;
}

function expiryOf(token) {
  const claims = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
  return JSON.parse(atob(claims)).exp * 1000;
}
