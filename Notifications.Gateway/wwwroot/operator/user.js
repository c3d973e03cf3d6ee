import { call, poll } from './session.js';
import { facts, fill, make, number, row, withNote } from './table.js';
import { count, duration, time } from './words.js';

const element = id => document.getElementById(id);
let user = null;
let withPayloads = false;
/** The notifications that are shown with payloads. Each request for payloads is logged, so the page does not repeat it without a change. */
let shown = [];

export const isShown = () => user !== null;

export async function lookUp(id) {
  const isAnother = user !== id;
  if (isAnother) {
    withPayloads = false;
  }

  show(await find(id, withPayloads), isAnother);
}

/** Reads and shows the user's present data, unless another user was looked up during the request. */
export async function refresh() {
  const asked = user;
  let found = await find(asked, false);
  if (withPayloads) {
    const isSame = JSON.stringify(found.notifications) === JSON.stringify(shown.map(({ payload, ...rest }) => rest));
    found = isSame ? { ...found, notifications: shown } : await find(asked, true);
  }

  if (asked === user) {
    show(found, false);
  }
}

export async function switchPayloads() {
  withPayloads = !withPayloads;
  shown = [];
  await refresh();
}

/** Ends the user's connections. Clients reconnect by themselves while their tokens are valid. */
export async function endConnections() {
  const { hubs } = await call(`/api/users/${encodeURIComponent(user)}/connections`, 'DELETE');
  element('ended').textContent = `Ended: ${count(hubs)} hub instances were told. Clients with valid tokens reconnect by themselves.`;
  await refresh();
}

export async function sendTest(type, payload) {
  const { offset } = await call(`${path(user)}/notifications`, 'POST', { type, payload: JSON.parse(payload) });
  element('sent').textContent = `Sent: offset ${count(offset)}.`;
  await refresh();
}

export function clear() {
  user = null;
  withPayloads = false;
  shown = [];
  element('found').hidden = true;
  ['connections', 'devices', 'notifications'].forEach(id => fill(id, [], () => null));
}

const path = id => `/api/operator/users/${encodeURIComponent(id)}`;

const find = (id, payload) => poll(`${path(id)}?payload=${payload}`);

function show(found, isAnother) {
  user = found.user;
  shown = withPayloads ? found.notifications : [];
  if (isAnother) {
    element('ended').textContent = '';
    element('sent').textContent = '';
  }

  element('found').hidden = false;
  element('payloads').textContent = withPayloads ? 'Hide payloads' : 'Show payloads';
  element('payloads').setAttribute('aria-pressed', withPayloads);
  const connections = found.instances.flatMap(({ instance, connections: some }) => some.map(connection => ({ instance, ...connection })));
  const total = found.instances.reduce((sum, { connectionCount }) => sum + connectionCount, 0);
  facts('user-facts', [
    ['User', found.user],
    ['Connections', total > connections.length ? `${count(total)}, the first ${count(connections.length)} below` : count(total)],
    ['Position', found.position ? `${count(found.position.offset)} in epoch ${found.position.epoch}` : 'no stream yet'],
    ['Notifications in the log', count(found.logLength)],
    ['Log expires in', found.logExpiresInSeconds === null ? '–' : duration(found.logExpiresInSeconds)],
  ]);
  element('not-answered').hidden = found.notAnswered.length === 0;
  element('not-answered').textContent = `No answer from ${found.notAnswered.join(', ')}. Whether the user has connections there is unknown.`;
  fill('connections', connections, connectionRow);
  fill('devices', found.devices, deviceRow);
  fill('notifications', found.notifications, notificationRow);
}

const connectionRow = ({ instance, id, device, transport, protocol, since, tokenExpires, streamCount, streams }) => row([
  make('code', instance),
  withNote(device ?? 'no device (live only)', id),
  withNote(transport ?? '–', protocol),
  time(since),
  time(tokenExpires),
  streams.map(({ stream, offset, behind }) => `${stream} ${count(offset)}${behind ? ' (catching up)' : ''}`).join(', ')
    + (streamCount > streams.length ? `, and ${count(streamCount - streams.length)} more` : ''),
], { 'data-testid': 'connection' });

const deviceRow = ({ device, cursor, unacknowledged, seenAt, phone }) => row([
  make('code', device),
  number(count(cursor)),
  number(count(unacknowledged)),
  time(seenAt),
  phone ? `${phone.platform}, registered ${time(phone.registeredAt)}` : '–',
], { 'data-testid': 'device' });

/** Payloads, types and ids may come from anybody, so they are only shown as text. */
const notificationRow = ({ offset, timestamp, type, id, payloadBytes, push, payload }) => row([
  number(count(offset)),
  time(timestamp),
  push ? withNote(type ?? '–', 'goes to phones') : type ?? 'can\'t be read',
  make('td', id ?? '–', { class: 'id' }),
  payload === undefined ? `${count(payloadBytes)} bytes` : make('pre', JSON.stringify(payload, null, 1), { 'data-testid': 'payload' }),
], { 'data-testid': 'notification' });
