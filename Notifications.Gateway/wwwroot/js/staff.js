import { attempt } from '../shared/errors.js';
import { newestFirst, staffRow } from './orders.js';
import { Session } from './session.js';

/** How often the list is read while it is shown, in milliseconds. Staff get no notifications of other users' orders. */
const REFRESH_EVERY = 3_000;
const template = document.getElementById('staff-order-template');
const list = document.getElementById('staff-orders');
let session = null;
let timer = 0;
let shown = '';

export async function signIn(user) {
  const candidate = new Session(user, ['staff']);
  await candidate.token();
  session = candidate;
  reveal();
  await refresh();
  timer = setInterval(() => document.hidden || attempt(refresh), REFRESH_EVERY);
}

export function signOut() {
  clearInterval(timer);
  session = null;
  shown = '';
  list.replaceChildren();
  reveal();
}

export async function refresh() {
  if (session === null) {
    return;
  }

  const orders = newestFirst(await session.poll('/api/orders'));
  document.getElementById('staff-empty').hidden = orders.length > 0;
  // Replacing the rows with the same rows would only take the focus away, or a click that has begun.
  const now = JSON.stringify(orders);
  if (now !== shown) {
    shown = now;
    list.replaceChildren(...orders.map(order => staffRow(template, order, status => setStatus(order.id, status))));
  }
}

async function setStatus(id, status) {
  await attempt(() => session.call(`/api/orders/${encodeURIComponent(id)}/status`, 'PUT', { status }));
  await attempt(refresh);
}

function reveal() {
  const signedIn = session !== null;
  document.getElementById('staff-form').hidden = signedIn;
  document.getElementById('staff-hint').hidden = signedIn;
  document.getElementById('staff-sign-out').hidden = !signedIn;
  document.getElementById('staff-empty').hidden = true;
}
