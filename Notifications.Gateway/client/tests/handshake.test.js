import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, test } from 'node:test';
import { NotificationClient } from '../notifications.js';
import { MemoryPositions, eventually } from './fake-hub.js';

/** Functions that end what a test leaves running. @type {(() => unknown)[]} */
const ends = [];

afterEach(async () => {
  for (const end of ends.splice(0)) {
    await end();
  }
});

/**
 * Starts a client of a server, and returns the times of its handshakes. `answer` gets the number of each handshake, from 1 on.
 * @param {(number: number, response: import('node:http').ServerResponse) => void} answer
 */
async function clientOf(answer) {
  const came = [];
  const server = createServer((request, response) => {
    assert.equal(`${request.method} ${request.url?.split('?')[0]}`, 'POST /hubs/notifications/negotiate');
    assert.equal(request.headers.authorization, 'Bearer token');
    came.push(performance.now());
    answer(came.length, response);
    response.end();
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const client = new NotificationClient({
    url: `http://127.0.0.1:${server.address().port}/hubs/notifications`,
    accessTokenFactory: () => 'token',
    positions: new MemoryPositions(),
    minDelayMs: 1,
    maxDelayMs: 4,
  });
  ends.push(() => client.stop(), () => server.close());
  client.start();
  return came;
}

for (const status of [429, 503]) {
  test(`comes back no sooner than a server asks that refuses with ${status}`, async () => {
    const came = await clientOf((number, response) => response.writeHead(status, number === 1 ? { 'Retry-After': '1' } : {}));
    await eventually(() => came.length >= 3, 'the third handshake');
    assert.ok(came[1] - came[0] >= 1_000, `${came[1] - came[0]} ms`);
    // Without a Retry-After the client uses its own waits again.
    assert.ok(came[2] - came[1] < 900, `${came[2] - came[1]} ms`);
  });
}

test('understands a date', async () => {
  const came = await clientOf((number, response) =>
    response.writeHead(503, number === 1 ? { 'Retry-After': new Date(Date.now() + 2_000).toUTCString() } : {}));
  await eventually(() => came.length >= 2, 'the second handshake');
  // A date in Retry-After has whole seconds.
  assert.ok(came[1] - came[0] >= 900, `${came[1] - came[0]} ms`);
});

test('goes by its own waits where the server says nothing that can be understood', async () => {
  const came = await clientOf((_, response) => response.writeHead(503, { 'Retry-After': 'soon' }));
  await eventually(() => came.length >= 5, 'five handshakes');
});

/** A client of a server that does not exist. */
function clientOfNobody(options = {}) {
  return new NotificationClient({
    url: 'http://127.0.0.1:1/hubs/notifications', accessTokenFactory: () => 'token', positions: new MemoryPositions(), minDelayMs: 1, maxDelayMs: 4, ...options,
  });
}

/** Checks that `stop` resolves in time, whatever happens to the connection. */
async function stops(client) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('stop did not resolve within 5 s')), 5_000);
  });
  await Promise.race([client.stop(), limit]);
  clearTimeout(timer);
  assert.equal(client.state, 'disconnected');
}

test('stops after starts that failed', async () => {
  const client = clientOfNobody();
  const states = [];
  client.onState(state => states.push(state));
  client.start();
  await eventually(() => states.includes('reconnecting'), 'the first failure');
  await stops(client);
});

test('stops while it waits for a token that does not come', async () => {
  let asked = false;
  const client = clientOfNobody({ accessTokenFactory: () => new Promise(() => (asked = true)) });
  client.start();
  await eventually(() => asked, 'the question for a token');
  await stops(client);
});

test('stops while a server does not answer', async () => {
  let asked = false;
  const server = createServer(() => (asked = true));
  await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const client = clientOfNobody({ url: `http://127.0.0.1:${server.address().port}/hubs/notifications` });
  ends.push(() => server.closeAllConnections(), () => server.close());
  client.start();
  await eventually(() => asked, 'the handshake');
  await stops(client);
});

test('tries again where a connection can not even be made, and stops', async () => {
  let tries = 0;
  const client = clientOfNobody({
    connectionFactory: () => {
      tries++;
      throw new Error('not here');
    },
  });
  client.start();
  await eventually(() => tries >= 3, 'the third attempt');
  await stops(client);
});
