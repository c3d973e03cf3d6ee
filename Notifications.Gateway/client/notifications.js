import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { Backoff } from './backoff.js';
import { HandshakeHttpClient } from './handshake.js';
import { LocalPositions, browserDevice } from './storage.js';
import { IncomingStream } from './stream.js';

/** @import { HubConnection } from '@microsoft/signalr' */
/** @import { Gap, Notification, Position, PositionStore, State, Subscribed } from './contract.js' */

/**
 * @typedef {object} Options
 * @property {string} [url] the address of the hub. Default `/hubs/notifications` at the page's own origin
 * @property {() => string | Promise<string>} accessTokenFactory called before each connection, so it can return a fresh token
 * @property {string} [device] a stable name for this installation, or 'auto': a name that is generated once for this browser. With a device
 *   delivery is at least once, without a device live only
 * @property {PositionStore} [positions] where positions are kept after the page is closed. Default localStorage. Not used without a device
 * @property {number} [serverTimeoutMs] how long the network may be silent before the connection counts as lost. The hub sends
 *   something every 15 s, so this has to be longer than 15,000. Default 20,000
 * @property {number} [keepAliveMs] how often the client sends something, so that the hub knows that the client is there. Default 10,000
 * @property {number} [connectTimeoutMs] how long one attempt to connect may take. Default 15,000
 * @property {number} [minDelayMs] the first bound of the waits between attempts, of a connection or of a handler. Each wait is a random
 *   time up to the bound, which then doubles. Default 500
 * @property {number} [maxDelayMs] the largest bound of the waits. Default 20,000
 * @property {(address: string) => HubConnection} [connectionFactory] creates each connection without starting it; for tests
 */

/** SignalR's own client, for pages with connections to other hub classes. */
export { HubConnectionBuilder } from '@microsoft/signalr';

/** The end of a connection that lasted this long is a new problem, so the waits start short again. In milliseconds. */
const SETTLED_AFTER = 5_000;

/** How long `stop` waits for the last acknowledgements, and then for the end of the connection. In milliseconds. */
const STOP_LIMIT = 2_000;

/**
 * Receives a user's notifications. It keeps up a connection until `stop`: after a connection has ended or has failed to open, it tries
 * again without end, with jittered waits.
 *
 * **With a device: at least once, in order.** The notifications of a stream go to the handlers one at a time, in the order of their
 * offsets. A handler may be async. When all handlers have returned, the position is saved, and after that it is acknowledged. A handler
 * that throws gets the same notification again, after growing, jittered waits. The later notifications of its stream wait. Notifications
 * that the hub sends twice are dropped by their position. When the hub's log no longer has some notifications, a `gap` is raised, in order
 * with the notifications around it.
 *
 * **Tabs** with the same user and device are one device on several connections. While they are open, each tab gets every notification,
 * and goes on from its own position after a broken connection. Positions and acknowledgements belong to the device: a notification that
 * one tab has handled counts as handled, and a tab that is opened or reloaded starts after it. If every tab has to handle every
 * notification, even across reloads, give each tab a device name of its own, for example in sessionStorage.
 *
 * **Without a device: live only, at most once.** Each connection gets only notifications that are published from its beginning on.
 */
export class NotificationClient {
  #options;
  #address;
  #positions;
  #device;
  /** The present connection. Messages of earlier connections are ignored. @type {HubConnection | undefined} */
  #connection;
  #backoff;
  #running = false;
  /** @type {State} */
  #state = 'disconnected';
  /** The time (`performance.now`) at which the client has to reconnect because the hub sent `reconnect`. Else 0. */
  #comeBackAt = 0;
  #comeBackTimer = 0;
  /** How long the client has to wait by the server's Retry-After, when the server refused the handshake. In milliseconds. */
  #retryAfter = 0;
  #connectedAt = 0;
  #retryTimer = 0;
  /** Waits that a stop ends early. @type {Set<() => void>} */
  #waits = new Set();
  /** @type {Set<(state: State) => unknown>} */
  #stateHandlers = new Set();
  /** @type {Map<string, Set<(argument: any) => unknown>>} */
  #handlers = new Map();
  /** The name of the user's own stream, from the hub. It separates the users of one browser in the store. */
  #own = '';
  /** @type {Map<string, IncomingStream>} */
  #streams = new Map();
  /** The streams that were subscribed besides the user's own, each with the position to begin after. @type {Map<string, Position | undefined>} */
  #wanted = new Map();
  /** When the page is left, acknowledgements that wait for their interval would be lost, and the user's phones would get needless pushes. */
  #onPageHide = () => this.#streams.forEach(stream => stream.flush());

  /** @param {Options} options */
  constructor(options) {
    const { url = '/hubs/notifications', device, positions = new LocalPositions(), minDelayMs = 500, maxDelayMs = 20_000 } = options;
    this.#options = { serverTimeoutMs: 20_000, keepAliveMs: 10_000, connectTimeoutMs: 15_000, ...options, minDelayMs, maxDelayMs };
    this.#device = device === 'auto' ? browserDevice() : device;
    this.#address = this.#device === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}device=${encodeURIComponent(this.#device)}`;
    this.#positions = positions;
    this.#backoff = this.#newBackoff();
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** @returns {string | undefined} the name of this installation */
  get device() {
    return this.#device;
  }

  /**
   * Notifications wait until there is a handler for them.
   * @overload
   * @param {'notification'} event
   * @param {(notification: Notification) => unknown} handler
   * @returns {() => void} removes the handler
   */
  /**
   * Raised when notifications are gone. The application has to reload the state that it builds from the stream.
   * @overload
   * @param {'gap'} event
   * @param {(gap: Gap) => unknown} handler
   * @returns {() => void} removes the handler
   */
  /**
   * Raised when the client has told the hub that everything up to this position is handled.
   * @overload
   * @param {'acknowledged'} event
   * @param {(acknowledged: Position & { stream: string }) => unknown} handler
   * @returns {() => void} removes the handler
   */
  /**
   * @param {string} event
   * @param {(argument: any) => unknown} handler
   */
  on(event, handler) {
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers.add(handler));
    this.#streams.forEach(stream => stream.pump());
    return () => {
      handlers.delete(handler);
    };
  }

  /**
   * @param {(state: State) => unknown} handler called at once with the present state, and then at each change
   * @returns {() => void} removes the handler
   */
  onState(handler) {
    this.#stateHandlers.add(handler);
    handler(this.#state);
    return () => {
      this.#stateHandlers.delete(handler);
    };
  }

  /** Connects, and stays connected until `stop`. Returns at once: `onState` reports each change of the state. */
  start() {
    if (!this.#running) {
      this.#running = true;
      globalThis.addEventListener?.('pagehide', this.#onPageHide);
      this.#backoff.reset();
      this.#streams.forEach(stream => stream.pump());
      this.#connect('connecting');
    }
  }

  /**
   * Disconnects. No handler is called until the next `start`, which goes on where this stopped. Resolves within 4 s, even if the connection has not
   * ended by then.
   */
  async stop() {
    this.#running = false;
    globalThis.removeEventListener?.('pagehide', this.#onPageHide);
    const connection = this.#connection;
    this.#leave();
    clearTimeout(this.#retryTimer);
    this.#waits.forEach(end => end());
    this.#streams.forEach(stream => stream.pause());
    this.#enter('disconnected');
    await settled(within(STOP_LIMIT, Promise.all([...this.#streams.values()].map(stream => stream.flush()))));
    await settled(within(STOP_LIMIT, connection?.stop()));
  }

  /**
   * Subscribes to a stream besides the user's own, now and on every later connection. Delivery begins after `since`, or else after the stored
   * position, or else from now on. Without a connection this returns at once, and the next connection subscribes. When the hub can't reach
   * Redis, this returns too, and the client asks again until the hub can.
   * @param {string} stream such as `topic:news`
   * @param {Position} [since]
   * @throws when the hub refuses, with the hub's reason. The stream is not subscribed then
   */
  async subscribe(stream, since) {
    this.#wanted.set(stream, since);
    const connection = this.#connection;
    if (this.#state !== 'connected' || connection === undefined) {
      return;
    }

    try {
      this.#wanted.set(stream, undefined);
      await this.#stream(stream).subscribe(connection, since);
    } catch (error) {
      if (isUnavailable(error)) {
        this.#stream(stream).resubscribe(connection);
      } else if (connection.state === 'Connected') {
        this.#wanted.delete(stream);
        throw error;
      }
    }
  }

  /** Ends a subscription. Notifications that have arrived before are still handled. @param {string} stream */
  async unsubscribe(stream) {
    this.#wanted.delete(stream);
    if (this.#connection?.state === 'Connected') {
      await this.#connection.invoke('Unsubscribe', stream);
    }
  }

  /** @returns {Promise<string>} the id of the hub instance that serves this connection */
  async instance() {
    if (this.#connection === undefined) {
      throw new Error('There is no connection. Wait for the state "connected".');
    }

    return this.#connection.invoke('Instance');
  }

  /** @param {State} state */
  async #connect(state) {
    this.#enter(state);
    this.#retryAfter = 0;
    let connection;
    try {
      connection = this.#connection = (this.#options.connectionFactory ?? (address => this.#newConnection(address)))(this.#address);
    } catch (error) {
      console.error('A connection could not be made and is tried again.', error);
      this.#lost(undefined);
      return;
    }

    let begin = () => {};
    // Messages that arrive together with the handshake's answer wait until the connection is open, so that they can be answered.
    const started = new Promise(resolve => (begin = () => resolve(undefined)));
    /** @param {(argument: any) => unknown} hear */
    const heard = hear => (/** @type {any} */ argument) => started.then(() => this.#connection === connection && hear(argument));
    connection.on('subscribed', heard(subscribed => this.#subscribed(connection, subscribed)));
    connection.on('notification', heard(notification => this.#stream(notification.stream).onNotification(connection, notification)));
    connection.on('reconnect', heard(request => this.#moveAfter(connection, request.delayMs)));
    connection.onclose(() => this.#lost(connection));
    try {
      await within(this.#options.connectTimeoutMs, connection.start());
    } catch {
      // Every failure is tried again, also a refused token: the next attempt asks for a new token.
      this.#lost(connection);
      await settled(connection.stop());
      return;
    }

    if (this.#connection !== connection) {
      await settled(connection.stop());
      return;
    }

    this.#connectedAt = performance.now();
    begin();
  }

  /** @param {string} address */
  #newConnection(address) {
    const { accessTokenFactory, connectTimeoutMs, serverTimeoutMs, keepAliveMs } = this.#options;
    const httpClient = new HandshakeHttpClient(milliseconds => (this.#retryAfter = milliseconds));
    return new HubConnectionBuilder()
      .withUrl(address, { accessTokenFactory, httpClient, timeout: connectTimeoutMs })
      .withServerTimeout(serverTimeoutMs)
      .withKeepAliveInterval(keepAliveMs)
      // SignalR's messages are not needed: onState reports lost connections, and this client logs the errors of handlers itself.
      .configureLogging(LogLevel.Critical)
      .build();
  }

  /**
   * @param {HubConnection} connection
   * @param {Subscribed} subscribed
   */
  #subscribed(connection, subscribed) {
    const { stream } = subscribed;
    const isOwn = stream.startsWith('user:');
    if (isOwn && this.#own !== stream) {
      // The token is of another user than before: drop the streams of that user.
      this.#own = stream;
      this.#streams.forEach(other => other.pause());
      this.#streams.clear();
    }

    this.#stream(stream).onSubscribed(connection, subscribed);
    // The hub sends this when it listens for the user. An open connection misses notifications that are published before.
    if (isOwn && this.#state !== 'connected') {
      this.#enter('connected');
      for (const [wanted, since] of this.#wanted) {
        this.#wanted.set(wanted, undefined);
        this.#stream(wanted).resubscribe(connection, since);
      }
    }
  }

  /** @param {string} name */
  #stream(name) {
    const stream = this.#streams.get(name) ?? this.#newStream(name);
    this.#streams.set(name, stream);
    return stream;
  }

  /** @param {string} name */
  #newStream(name) {
    const client = this;
    const key = `${this.#device}/${this.#own}/${name}`;
    return new IncomingStream(name, {
      isDurable: this.#device !== undefined,
      get isHandling() {
        return client.#running && (client.#handlers.get('notification')?.size ?? 0) > 0;
      },
      load: async () => this.#positions.load(key),
      save: async position => {
        await this.#positions.save(key, position);
      },
      raise: (event, argument, done) => this.#raise(event, argument, done),
      backoff: () => this.#newBackoff(),
      wait: milliseconds => this.#wait(milliseconds),
    });
  }

  /** @param {HubConnection | undefined} connection */
  #lost(connection) {
    if (this.#connection !== connection || !this.#running) {
      return;
    }

    if (this.#connectedAt > 0 && performance.now() - this.#connectedAt >= SETTLED_AFTER) {
      this.#backoff.reset();
    }

    // No jitter on top of the hub's delay, because the hub has already spread its clients.
    const delay = this.#comeBackAt > 0 ? Math.max(0, this.#comeBackAt - performance.now()) : this.#retryAfter + this.#backoff.next();
    this.#leave();
    this.#enter('reconnecting');
    this.#retryTimer = setTimeout(() => this.#connect('reconnecting'), delay);
  }

  #leave() {
    clearTimeout(this.#comeBackTimer);
    this.#comeBackAt = this.#connectedAt = 0;
    this.#connection = undefined;
  }

  /**
   * Moves to another instance after a delay, because this instance is going away. It delivers until then, so the connection is kept.
   * @param {HubConnection} connection
   * @param {number} delayMs
   */
  #moveAfter(connection, delayMs) {
    this.#comeBackAt = performance.now() + delayMs;
    clearTimeout(this.#comeBackTimer);
    this.#comeBackTimer = setTimeout(() => settled(connection.stop()), delayMs);
  }

  #newBackoff() {
    return new Backoff(this.#options.minDelayMs, this.#options.maxDelayMs);
  }

  /**
   * @param {number} milliseconds
   * @returns {Promise<void>} resolves early at a stop
   */
  #wait(milliseconds) {
    return new Promise(resolve => {
      const finish = () => {
        clearTimeout(timer);
        this.#waits.delete(finish);
        resolve();
      };
      const timer = setTimeout(finish, milliseconds);
      this.#waits.add(finish);
    });
  }

  /**
   * @param {string} event
   * @param {any} argument
   * @param {Set<Function>} done the handlers that have returned: another try does not call them again
   */
  async #raise(event, argument, done = new Set()) {
    const handlers = this.#handlers.get(event) ?? new Set();
    if (event === 'gap' && handlers.size === 0) {
      console.warn(`Notifications of ${argument.stream} are gone from the log, and nobody listens for "gap".`, argument);
    }

    for (const handler of handlers) {
      if (!done.has(handler)) {
        await handler(argument);
        done.add(handler);
      }
    }
  }

  /** @param {State} state */
  #enter(state) {
    if (this.#state === state) {
      return;
    }

    this.#state = state;
    for (const handler of this.#stateHandlers) {
      try {
        handler(state);
      } catch (error) {
        console.error('A handler of onState failed.', error);
      }
    }
  }
}

/** Whether the hub refused a call that may succeed later. SignalR puts its own words before the hub's message. @param {unknown} error */
function isUnavailable(error) {
  return error instanceof Error && error.message.includes('unavailable:');
}

/**
 * @param {number} milliseconds
 * @param {Promise<unknown> | undefined} action
 */
async function within(milliseconds, action) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${milliseconds} ms.`)), milliseconds);
  });
  try {
    await Promise.race([action, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for the end of an action whose result does not matter, such as the stop of a failed connection. @param {Promise<unknown>} action */
async function settled(action) {
  try {
    await action;
  } catch {
    // Nothing depends on the result.
  }
}
