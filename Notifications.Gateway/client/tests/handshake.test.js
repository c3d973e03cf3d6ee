import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, test } from 'node:test';
import { NotificationClient } from '../notifications.js';
import { MemoryPositions, eventually } from './fake-hub.js';

/** Whatever a test leaves running. @type {(() => unknown)[]} */
const ends = [];

afterEach(async () => {
  for (const end of ends.splice(0)) {
    await end();
  }
});

/**
 * A client of a server that answers each handshake with a function of its number, and when the handshakes came.
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
    // Asked for nothing, it goes by its own waits again.
    assert.ok(came[2] - came[1] < 900, `${came[2] - came[1]} ms`);
  });
}

test('understands a date', async () => {
  const came = await clientOf((number, response) =>
    response.writeHead(503, number === 1 ? { 'Retry-After': new Date(Date.now() + 2_000).toUTCString() } : {}));
  await eventually(() => came.length >= 2, 'the second handshake');
  // The date has whole seconds.
  assert.ok(came[1] - came[0] >= 900, `${came[1] - came[0]} ms`);
});

test('goes by its own waits where the server says nothing that can be understood', async () => {
  const came = await clientOf((_, response) => response.writeHead(503, { 'Retry-After': 'soon' }));
  await eventually(() => came.length >= 5, 'five handshakes');
});
