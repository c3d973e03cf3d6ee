import { request, untraced } from '../shared/request.js';
import { expiryOf } from '../shared/token.js';

const RENEW_BEFORE = 60_000;

/** The session of a signed-in user: gets tokens, renews them, and calls the API with them. */
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

  /** A GET that the page repeats by itself. */
  async poll(path) {
    return request(path, 'GET', undefined, { Authorization: `Bearer ${await this.token()}`, ...untraced() });
  }
}
