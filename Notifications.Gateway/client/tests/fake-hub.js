/** The hub's end of the connections that a client opens. The test decides what the hub sends, and sees what the client sends. */
export class FakeHub {
  /** @type {FakeConnection[]} */
  connections = [];
  refusals = 0;

  connectionFactory = address => {
    const connection = new FakeConnection(address, this);
    this.connections.push(connection);
    return connection;
  };

  get connection() {
    return this.connections.at(-1);
  }
}

class FakeConnection {
  state = 'Disconnected';
  /** The calls of the client, oldest first. */
  invoked = [];
  /** @type {(method: string, ...argument: any[]) => any} may throw */
  answer = () => undefined;
  #hub;
  #handlers = new Map();
  #closed = () => {};

  constructor(address, hub) {
    this.address = address;
    this.#hub = hub;
  }

  on(event, handler) {
    this.#handlers.set(event, handler);
  }

  onclose(handler) {
    this.#closed = handler;
  }

  async start() {
    if (this.#hub.refusals > 0) {
      this.#hub.refusals--;
      throw new Error('refused');
    }

    this.state = 'Connected';
  }

  async stop() {
    this.drop();
  }

  async invoke(method, ...argument) {
    if (this.state !== 'Connected') {
      throw new Error('There is no connection.');
    }

    this.invoked.push([method, ...argument]);
    return this.answer(method, ...argument);
  }

  async send(method, ...argument) {
    await this.invoke(method, ...argument);
  }

  drop() {
    if (this.state === 'Connected') {
      this.state = 'Disconnected';
      this.#closed();
    }
  }

  says(event, argument) {
    this.#handlers.get(event)(argument);
  }

  subscribed(offset, { stream = 'user:ann', epoch = 'a', recovered = true } = {}) {
    this.says('subscribed', { stream, epoch, offset, recovered });
  }

  /** @param {...number} offsets */
  delivers(...offsets) {
    offsets.forEach(offset => this.notification(offset));
  }

  notification(offset, { stream = 'user:ann', epoch = 'a' } = {}) {
    this.says('notification', { stream, epoch, offset, id: `${epoch}${offset}`, type: 'TEST', payload: null, timestamp: 0 });
  }

  invocations(method) {
    return this.invoked.filter(([name]) => name === method);
  }
}

/** Waits until the condition holds, 5 s at most. @param {() => boolean} condition @param {string} what */
export async function eventually(condition, what) {
  const limit = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > limit) {
      throw new Error(`Waited 5 s for ${what}.`);
    }

    await new Promise(resolve => setTimeout(resolve, 2));
  }
}

export class MemoryPositions {
  kept = new Map();

  load(key) {
    return this.kept.get(key);
  }

  save(key, position) {
    this.kept.set(key, position);
  }
}
