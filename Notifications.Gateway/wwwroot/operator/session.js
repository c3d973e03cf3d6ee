import { request, untraced } from '../shared/request.js';
import { claimsOf } from '../shared/token.js';

/** The key in sessionStorage, which belongs to this tab and ends with it. The token is in no cookie, no address and no other storage. */
const KEY = 'operator-token';

/** Returns the token that was kept before a reload of the page. Null when there is none. */
export const kept = () => sessionStorage.getItem(KEY);

export function keep(token) {
  sessionStorage.setItem(KEY, token);
}

export function forget() {
  sessionStorage.removeItem(KEY);
}

/** Returns the user id in the token. Empty when the token can't be read. */
export function caller() {
  try {
    return claimsOf(kept()).sub ?? '';
  } catch {
    // The text is not a token. The gateway's answer says so.
    return '';
  }
}

export function call(path, method = 'GET', body = undefined) {
  return request(path, method, body, { Authorization: `Bearer ${kept()}` });
}

/** A GET that the page repeats by itself. */
export function poll(path) {
  return request(path, 'GET', undefined, { Authorization: `Bearer ${kept()}`, ...untraced() });
}

/** Whether this gateway issues tokens. It then answers 400 to an empty request, and else 404. */
export async function givesTokens() {
  const answer = await fetch('/dev/token', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
  return answer.status === 400;
}

export async function developmentToken(user, roles) {
  return (await request('/dev/token', 'POST', { user, roles })).accessToken;
}
