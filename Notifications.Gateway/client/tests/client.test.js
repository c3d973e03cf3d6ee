import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { NotificationClient } from '../notifications.js';
import { FakeHub, MemoryPositions, eventually } from './fake-hub.js';

const OWN = 'laptop/user:ann/user:ann';
let hub;
let positions;
let clients;

beforeEach(() => {
  hub = new FakeHub();
  positions = new MemoryPositions();
  clients = [];
  mock.method(console, 'error', () => {});
});

afterEach(async () => {
  await Promise.all(clients.map(client => client.stop()));
  mock.restoreAll();
});

/** A client whose handler notes offsets and gaps, in order. */
function newClient(options = {}, handler = () => {}) {
  const client = new NotificationClient({
    accessTokenFactory: () => 'token',
    connectionFactory: hub.connectionFactory,
    device: 'laptop',
    positions,
    minDelayMs: 1,
    maxDelayMs: 4,
    ...options,
  });
  const seen = [];
  clients.push(client);
  client.on('notification', async notification => {
    await handler(notification);
    seen.push(notification.offset);
  });
  client.on('gap', gap => seen.push(gap));
  client.start();
  return { client, seen };
}

/** Waits until connection `number` is open, and returns it. */
async function connection(number = 1) {
  await eventually(() => hub.connections.length >= number && hub.connections[number - 1].state === 'Connected', `connection ${number}`);
  return hub.connections[number - 1];
}

const position = (offset, epoch = 'a') => ({ epoch, offset });

test('is connected once the hub listens for the user', async () => {
  const { client } = newClient();
  const hubEnd = await connection();
  assert.equal(client.state, 'connecting');
  hubEnd.subscribed(0);
  await eventually(() => client.state === 'connected', 'the state connected');
  assert.match(hubEnd.address, /\?device=laptop$/);
});

test('handles in order, drops duplicates, saves and acknowledges', async () => {
  const { seen } = newClient();
  const hubEnd = await connection();
  hubEnd.subscribed(0);
  hubEnd.delivers(1, 2, 2, 1, 3);
  await eventually(() => hubEnd.invocations('Acknowledge').at(-1)?.[3] === 3, 'the acknowledgement of 3');
  assert.deepEqual(seen, [1, 2, 3]);
  assert.deepEqual(positions.kept.get(OWN), position(3));
});

test('acknowledges after an async handler has resolved, and what it missed on the way in one go', async () => {
  const releases = [];
  const { seen } = newClient({}, () => new Promise(resolve => releases.push(resolve)));
  const hubEnd = await connection();
  let answerAcknowledgement;
  hubEnd.answer = method => (method === 'Acknowledge' ? new Promise(resolve => (answerAcknowledgement = resolve)) : undefined);
  hubEnd.subscribed(0);
  hubEnd.delivers(1, 2, 3, 4);
  await eventually(() => releases.length === 1, 'the first to be handled');
  assert.deepEqual(hubEnd.invocations('Acknowledge'), []);
  for (let i = 1; i <= 4; i++) {
    await eventually(() => releases.length === i, `the handling of ${i}`);
    releases[i - 1]();
  }

  await eventually(() => seen.length === 4, 'all to be handled');
  answerAcknowledgement();
  await eventually(() => hubEnd.invocations('Acknowledge').length === 2, 'the second acknowledgement');
  assert.deepEqual(hubEnd.invocations('Acknowledge').map(([, , , offset]) => offset), [1, 4]);
});

/** A client that has handled offset 3 and acknowledged offset 1. The next acknowledgement waits for its interval. */
async function withTwoToAcknowledge() {
  const { client, seen } = newClient();
  const hubEnd = await connection();
  hubEnd.subscribed(0);
  hubEnd.delivers(1);
  await eventually(() => hubEnd.invocations('Acknowledge').length === 1, 'the first acknowledgement');
  hubEnd.delivers(2, 3);
  await eventually(() => seen.length === 3, 'all to be handled');
  return { client, hubEnd };
}

test('acknowledges what was handled when it stops', async () => {
  const { client, hubEnd } = await withTwoToAcknowledge();
  await client.stop();
  assert.deepEqual(hubEnd.invocations('Acknowledge').at(-1), ['Acknowledge', 'user:ann', 'a', 3]);
});

test('acknowledges what was handled when its page goes, and listens to the page no more once it has stopped', async () => {
  const listeners = new Map();
  globalThis.addEventListener = (event, listener) => listeners.set(event, listener);
  globalThis.removeEventListener = (event, listener) => listeners.get(event) === listener && listeners.delete(event);
  try {
    const { client, hubEnd } = await withTwoToAcknowledge();
    assert.equal(hubEnd.invocations('Acknowledge').length, 1);

    listeners.get('pagehide')();

    // The acknowledgement has to come at once: after its interval the page would be gone.
    assert.deepEqual(hubEnd.invocations('Acknowledge').at(-1), ['Acknowledge', 'user:ann', 'a', 3]);
    await client.stop();
    assert.equal(hubEnd.invocations('Acknowledge').length, 2);
    assert.equal(listeners.size, 0);
  } finally {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  }
});

test('gives a handler that throws the same notification again, and the later ones after it', async () => {
  let failures = 3;
  const tried = [];
  const { seen } = newClient({}, ({ offset }) => {
    tried.push(offset);
    if (offset === 2 && failures-- > 0) {
      throw new Error('not now');
    }
  });
  const hubEnd = await connection();
  hubEnd.subscribed(0);
  hubEnd.delivers(1, 2, 3);
  await eventually(() => seen.length === 3, 'all to be handled');
  assert.deepEqual(seen, [1, 2, 3]);
  assert.deepEqual(tried, [1, 2, 2, 2, 2, 3]);
});

test('calls only those handlers again that failed', async () => {
  const { client, seen } = newClient();
  let failures = 2;
  const second = [];
  client.on('notification', ({ offset }) => {
    second.push(offset);
    if (failures-- > 0) {
      throw new Error('not now');
    }
  });
  const hubEnd = await connection();
  hubEnd.subscribed(0);
  hubEnd.delivers(1);
  await eventually(() => hubEnd.invocations('Acknowledge').length === 1, 'the acknowledgement');
  assert.deepEqual([seen, second], [[1], [1, 1, 1]]);
});

test('tries to save again before it acknowledges', async () => {
  let failures = 2;
  const save = positions.save.bind(positions);
  positions.save = (key, value) => {
    if (value.offset === 1 && failures-- > 0) {
      throw new Error('disk full');
    }

    save(key, value);
  };
  const { seen } = newClient();
  const hubEnd = await connection();
  hubEnd.subscribed(0);
  hubEnd.delivers(1);
  await eventually(() => hubEnd.invocations('Acknowledge').length === 1, 'the acknowledgement');
  assert.deepEqual(seen, [1]);
  assert.deepEqual(positions.kept.get(OWN), position(1));
});

test('asks for what lies between its position and a cursor ahead of it', async () => {
  positions.save(OWN, position(3));
  const { seen } = newClient();
  const hubEnd = await connection();
  hubEnd.subscribed(5);
  hubEnd.delivers(6);
  await eventually(() => hubEnd.invocations('Subscribe').length === 1, 'the question');
  assert.deepEqual(hubEnd.invocations('Subscribe'), [['Subscribe', 'user:ann', position(3)]]);
  hubEnd.subscribed(3);
  hubEnd.delivers(4, 5, 6, 7);
  await eventually(() => seen.length === 4, 'four notifications');
  assert.deepEqual(seen, [4, 5, 6, 7]);
  assert.equal(hubEnd.invocations('Subscribe').length, 1);
});

test('asks from its position when the cursor is behind it, and gets nothing twice', async () => {
  positions.save(OWN, position(3));
  const { seen } = newClient();
  const hubEnd = await connection();
  hubEnd.subscribed(1);
  hubEnd.delivers(2, 3, 4);
  await eventually(() => hubEnd.invocations('Subscribe').length === 1, 'the question');
  hubEnd.subscribed(3);
  hubEnd.delivers(4, 5);
  await eventually(() => seen.length === 2, 'two notifications');
  assert.deepEqual(seen, [4, 5]);
});

test('tells a gap where the log no longer has what it asks for, in its place', async () => {
  positions.save(OWN, position(3));
  const { seen } = newClient();
  const hubEnd = await connection();
  hubEnd.subscribed(3);
  hubEnd.delivers(4);
  hubEnd.subscribed(10, { recovered: false });
  await eventually(() => hubEnd.invocations('Subscribe').length === 1, 'the question');
  hubEnd.subscribed(10, { recovered: false });
  hubEnd.delivers(11);
  await eventually(() => seen.length === 3, 'two notifications and a gap');
  assert.deepEqual(seen, [4, { stream: 'user:ann', before: position(4), after: position(10) }, 11]);
  assert.deepEqual(positions.kept.get(OWN), position(11));
});

test('tells a gap when the log began anew', async () => {
  positions.save(OWN, position(30));
  const { seen } = newClient();
  const hubEnd = await connection();
  hubEnd.subscribed(0, { epoch: 'b' });
  hubEnd.notification(1, { epoch: 'b' });
  await eventually(() => hubEnd.invocations('Acknowledge').at(-1)?.[3] === 1, 'the acknowledgement');
  assert.deepEqual(seen, [{ stream: 'user:ann', before: position(30), after: position(0, 'b') }, 1]);
  assert.deepEqual(hubEnd.invocations('Acknowledge').at(-1), ['Acknowledge', 'user:ann', 'b', 1]);
});

test('tells a gap when the store went back to a time before its position', async () => {
  positions.save(OWN, position(8));
  const { seen } = newClient();
  const hubEnd = await connection();
  hubEnd.subscribed(5);
  hubEnd.delivers(6);
  await eventually(() => hubEnd.invocations('Subscribe').length === 1, 'the question');
  hubEnd.subscribed(0, { epoch: 'b', recovered: false });
  hubEnd.notification(1, { epoch: 'b' });
  await eventually(() => seen.length === 2, 'the gap and a notification');
  assert.deepEqual(seen, [{ stream: 'user:ann', before: position(8), after: position(0, 'b') }, 1]);
});

test('tells a failing gap handler again', async () => {
  const { client } = newClient();
  let tries = 0;
  client.on('gap', () => {
    if (++tries < 3) {
      throw new Error('not now');
    }
  });
  const hubEnd = await connection();
  hubEnd.subscribed(7, { recovered: false });
  await eventually(() => positions.kept.get(OWN)?.offset === 7, 'the position after the gap');
  assert.equal(tries, 3);
});

test('asks again when there is a hole', async () => {
  const { seen } = newClient();
  const hubEnd = await connection();
  hubEnd.subscribed(0);
  hubEnd.delivers(1, 3, 4);
  await eventually(() => hubEnd.invocations('Subscribe').length === 1, 'the question');
  hubEnd.subscribed(1);
  hubEnd.delivers(2, 3, 4);
  await eventually(() => seen.length === 4, 'four notifications');
  assert.deepEqual(seen, [1, 2, 3, 4]);
});

test('leaves to the log what does not fit its queue, and asks for it when there is room', async () => {
  let release;
  const held = new Promise(resolve => (release = resolve));
  const { seen } = newClient({}, () => held);
  const hubEnd = await connection();
  hubEnd.answer = (method, stream, since) => {
    if (method === 'Subscribe') {
      hubEnd.subscribed(since.offset);
      hubEnd.delivers(...Array.from({ length: 1_000 - since.offset }, (_, i) => since.offset + i + 1));
    }
  };
  hubEnd.subscribed(0);
  hubEnd.delivers(...Array.from({ length: 1_000 }, (_, i) => i + 1));
  release();
  await eventually(() => seen.length === 1_000, 'a thousand notifications');
  assert.deepEqual(seen, Array.from({ length: 1_000 }, (_, i) => i + 1));
});

test('connects again without end, and goes on where it was', async () => {
  const { client, seen } = newClient();
  const first = await connection();
  first.subscribed(0);
  first.delivers(1, 2);
  await eventually(() => first.invocations('Acknowledge').at(-1)?.[3] === 2, 'the acknowledgement');
  hub.refusals = 8;
  first.drop();
  assert.equal(client.state, 'reconnecting');
  const tenth = await connection(10);
  tenth.subscribed(0);
  await eventually(() => client.state === 'connected', 'the state connected');
  // The hub may have ended before it wrote the acknowledgement.
  await eventually(() => tenth.invocations('Acknowledge').length === 1, 'the acknowledgement once more');
  assert.deepEqual(tenth.invocations('Acknowledge'), [['Acknowledge', 'user:ann', 'a', 2]]);
  tenth.delivers(1, 2, 3);
  tenth.subscribed(2);
  tenth.delivers(3);
  await eventually(() => seen.length === 3, 'three notifications');
  assert.deepEqual(seen, [1, 2, 3]);
});

test('does not hear what an earlier connection still says', async () => {
  const { client, seen } = newClient();
  const first = await connection();
  first.subscribed(0);
  await eventually(() => client.state === 'connected', 'the state connected');
  first.drop();
  const second = await connection(2);
  second.subscribed(0);
  first.subscribed(5, { epoch: 'b' });
  first.notification(6, { epoch: 'b' });
  second.delivers(1, 2);
  await eventually(() => seen.length === 2, 'two notifications');
  assert.deepEqual(seen, [1, 2]);
});

test('gives up on an attempt that takes too long', async () => {
  const { client } = newClient({
    connectTimeoutMs: 10,
    connectionFactory: address => {
      const made = hub.connectionFactory(address);
      if (hub.connections.length === 1) {
        made.start = () => new Promise(() => {});
      }

      return made;
    },
  });
  (await connection(2)).subscribed(0);
  await eventually(() => client.state === 'connected', 'the state connected');
});

test('keeps the connection for as long as the hub asks, then comes back', async () => {
  const { client, seen } = newClient({ minDelayMs: 60_000, maxDelayMs: 60_000 });
  const first = await connection();
  first.subscribed(0);
  first.says('reconnect', { delayMs: 50 });
  const told = performance.now();
  first.delivers(1);
  await eventually(() => seen.length === 1, 'a notification meanwhile');
  const second = await connection(2);
  assert.ok(performance.now() - told >= 45);
  assert.equal(first.state, 'Disconnected');
  second.subscribed(1);
  await eventually(() => client.state === 'connected', 'the state connected');
});

test('subscribes topics again with their position', async () => {
  const { client, seen } = newClient();
  await client.subscribe('topic:news', position(4));
  const first = await connection();
  assert.deepEqual(first.invocations('Subscribe'), []);
  first.subscribed(0);
  await eventually(() => first.invocations('Subscribe').length === 1, 'the subscription');
  assert.deepEqual(first.invocations('Subscribe'), [['Subscribe', 'topic:news', position(4)]]);
  first.subscribed(4, { stream: 'topic:news' });
  first.notification(5, { stream: 'topic:news' });
  await eventually(() => seen.length === 1 && positions.kept.has('laptop/user:ann/topic:news'), 'the notification');
  first.drop();
  const second = await connection(2);
  second.subscribed(0);
  await eventually(() => second.invocations('Subscribe').length === 1, 'the subscription');
  assert.deepEqual(second.invocations('Subscribe'), [['Subscribe', 'topic:news', position(5)]]);
});

test('throws what the hub says against a subscription, and does not ask again', async () => {
  const { client } = newClient();
  const first = await connection();
  first.subscribed(0);
  await eventually(() => client.state === 'connected', 'the state connected');
  first.answer = () => {
    throw new Error('You may not read the stream topic:secret.');
  };
  await assert.rejects(client.subscribe('topic:secret'), /may not read/);
  first.drop();
  const second = await connection(2);
  second.subscribed(0);
  await eventually(() => client.state === 'connected', 'the state connected');
  assert.deepEqual(second.invocations('Subscribe'), []);
});

test('stops while a handler fails, and goes on with start where it was', async () => {
  let failing = true;
  const { client, seen } = newClient({}, ({ offset }) => {
    if (offset === 2 && failing) {
      throw new Error('not now');
    }
  });
  const first = await connection();
  first.subscribed(0);
  first.delivers(1, 2, 3);
  await eventually(() => seen.length === 1, 'the first');
  await client.stop();
  assert.equal(client.state, 'disconnected');
  failing = false;
  client.start();
  const second = await connection(2);
  second.subscribed(1);
  second.delivers(2, 3, 4);
  await eventually(() => second.invocations('Subscribe').length === 1, 'the question');
  // The handler had begun offset 2 before the stop, so the client does not ask for it again.
  assert.deepEqual(second.invocations('Subscribe'), [['Subscribe', 'user:ann', position(2)]]);
  second.subscribed(2);
  second.delivers(3, 4);
  await eventually(() => seen.length === 4, 'the rest');
  assert.deepEqual(seen, [1, 2, 3, 4]);
});

test('starts after the stored position when the page is loaded again', async () => {
  const before = newClient();
  const first = await connection();
  first.subscribed(0);
  first.delivers(1, 2);
  await eventually(() => positions.kept.get(OWN)?.offset === 2, 'the position');
  await before.client.stop();

  const after = newClient();
  const second = await connection(2);
  second.subscribed(0);
  second.delivers(1, 2);
  await eventually(() => second.invocations('Subscribe').length === 1, 'the question');
  second.subscribed(2);
  second.delivers(3);
  await eventually(() => after.seen.length === 1, 'the third');
  assert.deepEqual(after.seen, [3]);
});

test('without a device begins each connection with what comes from then on', async () => {
  const { seen } = newClient({ device: undefined });
  const first = await connection();
  first.subscribed(7);
  first.delivers(8);
  await eventually(() => seen.length === 1, 'the first');
  first.drop();
  const second = await connection(2);
  second.subscribed(20);
  second.delivers(21);
  await eventually(() => seen.length === 2, 'the second');
  assert.deepEqual(seen, [8, 21]);
  assert.deepEqual([...first.invoked, ...second.invoked, ...positions.kept], []);
});

test('waits with notifications until there is a handler', async () => {
  const client = new NotificationClient({ accessTokenFactory: () => '', connectionFactory: hub.connectionFactory, device: 'laptop', positions });
  clients.push(client);
  client.start();
  const hubEnd = await connection();
  hubEnd.subscribed(0);
  hubEnd.delivers(1);
  await eventually(() => client.state === 'connected', 'the state connected');
  const seen = [];
  client.on('notification', ({ offset }) => seen.push(offset));
  await eventually(() => hubEnd.invocations('Acknowledge').length === 1, 'the acknowledgement');
  assert.deepEqual(seen, [1]);
});

for (const [what, stop] of /** @type {[string, () => Promise<void>][]} */ ([
  ['fails', () => Promise.reject(new Error('broken'))],
  ['never ends', () => new Promise(() => {})],
])) {
  test(`stops where stopping the connection ${what}`, { timeout: 10_000 }, async () => {
    const { client } = newClient();
    const hubEnd = await connection();
    hubEnd.subscribed(0);
    await eventually(() => client.state === 'connected', 'the state connected');
    hubEnd.stop = stop;
    await client.stop();
    assert.equal(client.state, 'disconnected');
  });
}

test('stops where a handler of acknowledged never returns', { timeout: 10_000 }, async () => {
  const { client } = newClient();
  let told = false;
  client.on('acknowledged', () => new Promise(() => (told = true)));
  const hubEnd = await connection();
  hubEnd.subscribed(0);
  hubEnd.delivers(1);
  await eventually(() => told, 'the first acknowledgement');
  hubEnd.delivers(2);
  await eventually(() => positions.kept.get(OWN)?.offset === 2, 'the second notification');
  await client.stop();
  assert.equal(client.state, 'disconnected');
});
