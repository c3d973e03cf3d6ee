import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { LocalPositions } from '../storage.js';

let fresh = 0;
/** Loads the module as another page would: with the same localStorage, and nothing in memory. */
const load = () => import(`../storage.js?${fresh++}`);

function useLocalStorage(storage) {
  Object.defineProperty(globalThis, 'localStorage', { value: storage, configurable: true });
}

function kept() {
  const items = new Map();
  return { getItem: key => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value) };
}

const throwing = {
  getItem() {
    throw new DOMException('denied', 'SecurityError');
  },
  setItem() {
    throw new DOMException('full', 'QuotaExceededError');
  },
};

afterEach(() => {
  delete globalThis.localStorage;
});

test('makes up a device name once for a browser', async () => {
  useLocalStorage(kept());
  const name = (await load()).browserDevice();
  assert.match(name, /^browser-[0-9a-f]{16}$/);
  assert.equal((await load()).browserDevice(), name);
});

test('keeps positions for the next page, and never lets them fall within an epoch', async () => {
  useLocalStorage(kept());
  const positions = new LocalPositions();
  positions.save('k', { epoch: 'a', offset: 5 });
  positions.save('k', { epoch: 'a', offset: 4 });
  const next = new (await load()).LocalPositions();
  assert.deepEqual(next.load('k'), { epoch: 'a', offset: 5 });
  next.save('k', { epoch: 'b', offset: 1 });
  assert.deepEqual(positions.load('k'), { epoch: 'b', offset: 1 });
});

test('takes what is no position for none', () => {
  const storage = kept();
  useLocalStorage(storage);
  for (const value of ['{', '7', 'null', '{"epoch":"a"}', '{"epoch":1,"offset":1}', '{"epoch":"a","offset":1.5}']) {
    storage.setItem('notifications/k', value);
    assert.equal(new LocalPositions().load('k'), undefined, value);
  }
});

test('keeps name and positions in memory where localStorage throws', async () => {
  useLocalStorage(throwing);
  const { LocalPositions: Positions, browserDevice } = await load();
  assert.equal(browserDevice(), browserDevice());
  new Positions().save('k', { epoch: 'a', offset: 5 });
  assert.deepEqual(new Positions().load('k'), { epoch: 'a', offset: 5 });
});
