import { request, untraced } from '../shared/request.js';
import { claimsOf } from '../shared/token.js';

/** Of this tab alone, gone when it is closed: the token is in no cookie, no address and no storage that outlives it. */
const KEY = 'operator-token';

/** The token that a reload of the page finds; null if there is none. */
export const kept = () => sessionStorage.getItem(KEY);

export function keep(token) {
  sessionStorage.setItem(KEY, token);
}

export function forget() {
  sessionStorage.removeItem(KEY);
}

/** Who the token says that its owner is. */
export function caller() {
  try {
    return claimsOf(kept()).sub ?? '';
  } catch {
    // No token at all, which the gateway says in its own words.
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

/** Whether this gateway gives out tokens: it answers an empty request for one, and 404 where it does not. */
export async function givesTokens() {
  const answer = await fetch('/dev/token', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
  return answer.status === 400;
}

export async function developmentToken(user, roles) {
  return (await request('/dev/token', 'POST', { user, roles })).accessToken;
}
