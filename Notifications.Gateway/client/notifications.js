import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { Backoff } from './backoff.js';
import { HandshakeHttpClient } from './handshake.js';
import { LocalPositions, browserDevice } from './storage.js';
import { IncomingStream } from './stream.js';

/** @import { HubConnection } from '@microsoft/signalr' */
/** @import { Gap, Notification, Position, PositionStore, State, Subscribed } from './contract.js' */

/**
 * @typedef {object} Options
 * @property {string} [url] where the hub is; the page's own origin unless told otherwise
 * @property {() => string | Promise<string>} accessTokenFactory asked before each connection, so it can return a fresh token
 * @property {string} [device] a stable name for this installation, or 'auto': one that is made up once for this browser. With it
 *   delivery is at least once, without it live only
 * @property {PositionStore} [positions] where positions outlive the page: localStorage unless set. Not used without a device
 * @property {number} [serverTimeoutMs] how long the network may be silent before the connection counts as lost. The hub sends
 *   something every 15 s, so it has to be longer than that. Default 20,000
 * @property {number} [keepAliveMs] how often the client sends something, so that the hub knows that it is there. Default 10,000
 * @property {number} [connectTimeoutMs] how long one attempt to connect may take. Default 15,000
 * @property {number} [minDelayMs] the first retry, of a connection or of a handler, comes at a random time up to this; the bound
 *   then doubles. Default 500
 * @property {number} [maxDelayMs] where the bound stops doubling. Default 20,000
 * @property {(address: string) => HubConnection} [connectionFactory] makes each connection, not yet started; for tests
 */

/** SignalR's own client, for pages with connections to other hub classes. */
export { HubConnectionBuilder } from '@microsoft/signalr';

/** A connection that lasted this long worked: the next one that breaks is a new trouble, and its waits start short again. */
const SETTLED_AFTER = 5_000;

/** How long `stop` waits for the last acknowledgements, and then for the connection to end. */
const STOP_LIMIT = 2_000;

/**
 * Receives a user's notifications. It connects until it is told to stop: a connection that ends or never comes about is
 * tried again without end, with jittered waits.
 *
 * **With a device: at least once, in order.** Each stream's notifications go to the handlers one at a time in the order of their
 * offsets; a handler may be async. When all handlers have returned, the position is saved, and then acknowledged. A handler that
 * throws gets the same notification again, with growing, jittered waits, while the later ones of its stream wait. What the hub sends
 * twice is dropped by its position. What the hub's log no longer has is told as a `gap`, in its place between the others.
 *
 * **Tabs** with the same user and device are one device on several connections. While they are open each gets every notification
 * and goes on from its own position after a broken connection. Positions and acknowledgements are the device's: what one tab has
 * handled counts as handled, and a tab that is opened or reloaded starts there. An application whose every tab has to handle
 * everything even across reloads gives each a device name of its own, for example one kept in sessionStorage.
 *
 * **Without a device: live only, at most once.** Every connection begins with what is published from then on.
 */
export class NotificationClient {
  #options;
  #address;
  #positions;
  #device;
  /** The connection that counts; what an earlier one still says is not heard. @type {HubConnection | undefined} */
  #link;
  #backoff;
  #running = false;
  /** @type {State} */
  #state = 'disconnected';
  /** When the server asked to come back, or 0. */
  #comeBackAt = 0;
  #comeBackTimer = 0;
  /** How long the server asked to be left alone when it refused the handshake, in milliseconds. */
  #retryAfter = 0;
  #connectedAt = 0;
  #retryTimer = 0;
  /** Waits that a stop cuts short. @type {Set<() => void>} */
  #waits = new Set();
  /** @type {Set<(state: State) => unknown>} */
  #stateHandlers = new Set();
  /** @type {Map<string, Set<(argument: any) => unknown>>} */
  #handlers = new Map();
  /** The user's own stream, as the hub names it. It tells users of one browser apart in the store. */
  #own = '';
  /** @type {Map<string, IncomingStream>} */
  #streams = new Map();
  /** What was subscribed besides the user's own stream, and where to begin it. @type {Map<string, Position | undefined>} */
  #wanted = new Map();
  /** The page may be going, and would take acknowledgements with it that wait for their time: the user's phones would be asked in vain. */
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

  /** @returns {string | undefined} this installation's name */
  get device() {
    return this.#device;
  }

  /**
   * Notifications wait until there is a handler for them.
   * @overload
   * @param {'notification'} event
   * @param {(notification: Notification) => unknown} handler
   * @returns {() => void} takes the handler off again
   */
  /**
   * The application has to reload the state that it builds from the stream.
   * @overload
   * @param {'gap'} event
   * @param {(gap: Gap) => unknown} handler
   * @returns {() => void} takes the handler off again
   */
  /**
   * The hub has been told that everything up to here is handled.
   * @overload
   * @param {'acknowledged'} event
   * @param {(acknowledged: Position & { stream: string }) => unknown} handler
   * @returns {() => void} takes the handler off again
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
   * @param {(state: State) => unknown} handler called at once with the state as it is, then at each change
   * @returns {() => void} takes the handler off again
   */
  onState(handler) {
    this.#stateHandlers.add(handler);
    handler(this.#state);
    return () => {
      this.#stateHandlers.delete(handler);
    };
  }

  /** Connects, and stays connected until `stop`. Returns at once: `onState` tells how it goes. */
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
   * Disconnects. No handler is called any more until the next `start`, which goes on where this ended. Resolves within 4 s whatever becomes of the
   * connection: one that does not end by then ends without being waited for.
   */
  async stop() {
    this.#running = false;
    globalThis.removeEventListener?.('pagehide', this.#onPageHide);
    const link = this.#link;
    this.#leave();
    clearTimeout(this.#retryTimer);
    this.#waits.forEach(end => end());
    this.#streams.forEach(stream => stream.pause());
    this.#enter('disconnected');
    await settled(within(STOP_LIMIT, Promise.all([...this.#streams.values()].map(stream => stream.flush()))));
    await settled(within(STOP_LIMIT, link?.stop()));
  }

  /**
   * Subscribes to a stream besides the user's own, now and on every later connection: after `since`, or else after the stored
   * position, or else from now on. Without a connection it returns at once, and the next one subscribes; so it does where the hub
   * can't reach Redis, and asks again until it can.
   * @param {string} stream such as `topic:news`
   * @param {Position} [since]
   * @throws if the hub refuses, and says why. The stream is not subscribed then
   */
  async subscribe(stream, since) {
    this.#wanted.set(stream, since);
    const link = this.#link;
    if (this.#state !== 'connected' || link === undefined) {
      return;
    }

    try {
      this.#wanted.set(stream, undefined);
      await this.#stream(stream).subscribe(link, since);
    } catch (error) {
      if (isUnavailable(error)) {
        this.#stream(stream).resubscribe(link);
      } else if (link.state === 'Connected') {
        this.#wanted.delete(stream);
        throw error;
      }
    }
  }

  /** Ends a subscription. What has arrived before is still handled. @param {string} stream */
  async unsubscribe(stream) {
    this.#wanted.delete(stream);
    if (this.#link?.state === 'Connected') {
      await this.#link.invoke('Unsubscribe', stream);
    }
  }

  /** @returns {Promise<string>} the id of the hub instance that serves this connection */
  async instance() {
    if (this.#link === undefined) {
      throw new Error('There is no connection. Wait for the state "connected".');
    }

    return this.#link.invoke('Instance');
  }

  /** @param {State} state */
  async #connect(state) {
    this.#enter(state);
    this.#retryAfter = 0;
    let link;
    try {
      link = this.#link = (this.#options.connectionFactory ?? (address => this.#newConnection(address)))(this.#address);
    } catch (error) {
      console.error('A connection could not be made and is tried again.', error);
      this.#lost(undefined);
      return;
    }

    let begin = () => {};
    // What comes in the same breath as the handshake's answer is heard when the connection stands, so that it can be answered.
    const started = new Promise(resolve => (begin = () => resolve(undefined)));
    /** @param {(argument: any) => unknown} hear */
    const heard = hear => (/** @type {any} */ argument) => started.then(() => this.#link === link && hear(argument));
    link.on('subscribed', heard(subscribed => this.#subscribed(link, subscribed)));
    link.on('notification', heard(notification => this.#stream(notification.stream).onNotification(link, notification)));
    link.on('reconnect', heard(request => this.#moveAfter(link, request.delayMs)));
    link.onclose(() => this.#lost(link));
    try {
      await within(this.#options.connectTimeoutMs, link.start());
    } catch {
      // Whatever the reason, also a token that was refused: the next attempt asks for a new one.
      this.#lost(link);
      await settled(link.stop());
      return;
    }

    if (this.#link !== link) {
      await settled(link.stop());
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
      // Its messages about lost connections are said by onState; what remains are errors in handlers.
      .configureLogging(LogLevel.Critical)
      .build();
  }

  /**
   * @param {HubConnection} link
   * @param {Subscribed} subscribed
   */
  #subscribed(link, subscribed) {
    const { stream } = subscribed;
    const isOwn = stream.startsWith('user:');
    if (isOwn && this.#own !== stream) {
      // Another user's token than before: nothing of theirs is ours.
      this.#own = stream;
      this.#streams.forEach(other => other.pause());
      this.#streams.clear();
    }

    this.#stream(stream).onSubscribed(link, subscribed);
    // The hub says so once it listens for this user. A connection that stands before that would miss what is published now.
    if (isOwn && this.#state !== 'connected') {
      this.#enter('connected');
      for (const [wanted, since] of this.#wanted) {
        this.#wanted.set(wanted, undefined);
        this.#stream(wanted).resubscribe(link, since);
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

  /** @param {HubConnection | undefined} link */
  #lost(link) {
    if (this.#link !== link || !this.#running) {
      return;
    }

    if (this.#connectedAt > 0 && performance.now() - this.#connectedAt >= SETTLED_AFTER) {
      this.#backoff.reset();
    }

    // Told when to come back, it does: the hub has spread its clients already.
    const delay = this.#comeBackAt > 0 ? Math.max(0, this.#comeBackAt - performance.now()) : this.#retryAfter + this.#backoff.next();
    this.#leave();
    this.#enter('reconnecting');
    this.#retryTimer = setTimeout(() => this.#connect('reconnecting'), delay);
  }

  #leave() {
    clearTimeout(this.#comeBackTimer);
    this.#comeBackAt = this.#connectedAt = 0;
    this.#link = undefined;
  }

  /**
   * The instance is going away. It goes on delivering meanwhile, so the connection is kept until it is time to move.
   * @param {HubConnection} link
   * @param {number} delayMs
   */
  #moveAfter(link, delayMs) {
    this.#comeBackAt = performance.now() + delayMs;
    clearTimeout(this.#comeBackTimer);
    this.#comeBackTimer = setTimeout(() => settled(link.stop()), delayMs);
  }

  #newBackoff() {
    return new Backoff(this.#options.minDelayMs, this.#options.maxDelayMs);
  }

  /**
   * @param {number} milliseconds
   * @returns {Promise<void>} ends early at a stop
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
   * @param {Set<Function>} done the handlers that have returned: another try leaves them out
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

/** Whether the hub refused what it may well do later. SignalR puts words of its own before the hub's. @param {unknown} error */
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

/** Waits for the end of what nothing depends on any more, such as a connection that never came about. @param {Promise<unknown>} action */
async function settled(action) {
  try {
    await action;
  } catch {
    // There is nobody left to tell.
  }
}
