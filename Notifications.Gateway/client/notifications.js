import { HubConnectionBuilder, HubConnectionState, LogLevel } from '@microsoft/signalr';
import { Backoff } from './backoff.js';

/**
 * @typedef {{ epoch: string, offset: number }} Position
 * @typedef {Position & { stream: string, id: string, type: string, payload: any, timestamp: number }} Notification
 * @typedef {Position & { stream: string, recovered: boolean }} Subscribed
 * @typedef {'connecting' | 'connected' | 'reconnecting' | 'disconnected'} State
 * @typedef {object} Options
 * @property {string} [url] where the hub is; the page's own origin unless told otherwise
 * @property {() => string | Promise<string>} accessTokenFactory asked before each connection, so it can return a fresh token
 * @property {string} [device] a stable name for this installation. With it delivery is at least once, without it live only
 */

/** A connection that lasted this long worked: the next one that breaks is a new trouble, and its waits start short again. */
const SETTLED_AFTER = 10_000;

/**
 * Receives a user's notifications. It connects until it is told to stop: a connection that ends or never comes about is
 * tried again without end, with jittered waits.
 */
export class NotificationClient {
  #connection;
  #backoff = new Backoff();
  #running = false;
  /** @type {State} */
  #state = 'disconnected';
  /** When the server asked to come back, or 0. */
  #comeBackAt = 0;
  #comeBackTimer = 0;
  #connectedAt = 0;
  #retryTimer = 0;
  #stateHandlers = new Set();
  /** @type {Map<string, Set<(argument: any) => unknown>>} */
  #handlers = new Map();
  /** What was subscribed besides the user's own stream: asked for again on each new connection. @type {Map<string, Position | undefined>} */
  #streams = new Map();

  /** @param {Options} options */
  constructor({ url = '/hubs/notifications', accessTokenFactory, device }) {
    const address = device === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}device=${encodeURIComponent(device)}`;
    this.#connection = new HubConnectionBuilder()
      .withUrl(address, { accessTokenFactory })
      // Its messages about lost connections are said by onState; what remains are errors in handlers.
      .configureLogging(LogLevel.Critical)
      .build();
    this.#connection.on('notification', notification => this.#raise('notification', notification));
    this.#connection.on('subscribed', subscribed => {
      this.#ready();
      this.#raise('subscribed', subscribed);
    });
    this.#connection.on('reconnect', request => this.#moveAfter(request.delayMs));
    this.#connection.onclose(() => this.#lost());
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /**
   * @overload
   * @param {'notification'} event
   * @param {(notification: Notification) => unknown} handler
   * @returns {() => void} takes the handler off again
   */
  /**
   * @overload
   * @param {'subscribed'} event
   * @param {(subscribed: Subscribed) => unknown} handler
   * @returns {() => void} takes the handler off again
   */
  on(event, handler) {
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  /**
   * @param {(state: State) => unknown} handler called at once with the state as it is, then at each change
   * @returns {() => void} takes the handler off again
   */
  onState(handler) {
    this.#stateHandlers.add(handler);
    handler(this.#state);
    return () => this.#stateHandlers.delete(handler);
  }

  /** Connects, and stays connected until `stop`. Returns at once: `onState` tells how it goes. */
  start() {
    if (!this.#running) {
      this.#running = true;
      this.#backoff.reset();
      this.#connect('connecting');
    }
  }

  async stop() {
    this.#running = false;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#comeBackTimer);
    await this.#connection.stop();
    this.#enter('disconnected');
  }

  /**
   * Subscribes to a stream besides the user's own, now and on every later connection.
   * @param {string} stream such as `topic:news`
   * @param {Position} [since] where to go on; live only without it
   */
  async subscribe(stream, since) {
    this.#streams.set(stream, since);
    if (this.#isConnected) {
      await this.#connection.invoke('Subscribe', stream, since ?? null);
    }
  }

  /** @param {string} stream */
  async unsubscribe(stream) {
    this.#streams.delete(stream);
    if (this.#isConnected) {
      await this.#connection.invoke('Unsubscribe', stream);
    }
  }

  /**
   * Everything up to this position is dealt with.
   * @param {string} stream
   * @param {string} epoch
   * @param {number} offset
   */
  acknowledge(stream, epoch, offset) {
    return this.#connection.invoke('Acknowledge', stream, epoch, offset);
  }

  /** @returns {Promise<string>} the id of the hub instance that serves this connection */
  instance() {
    return this.#connection.invoke('Instance');
  }

  get #isConnected() {
    return this.#connection.state === HubConnectionState.Connected;
  }

  /** @param {State} state */
  async #connect(state) {
    this.#enter(state);
    try {
      await this.#connection.start();
    } catch {
      // Whatever the reason, also a token that was refused: the next attempt asks for a new one.
      this.#retry();
      return;
    }

    if (!this.#running) {
      await this.#connection.stop();
      return;
    }

    this.#connectedAt = performance.now();
    for (const [stream, since] of this.#streams) {
      this.#connection.invoke('Subscribe', stream, since ?? null).catch(error => console.error(`Subscribing to ${stream} failed.`, error));
    }
  }

  /** The hub says so once it listens for this user. A connection that stands before that would miss what is published now. */
  #ready() {
    if (this.#running) {
      this.#enter('connected');
    }
  }

  #lost() {
    if (!this.#running) {
      return;
    }

    if (performance.now() - this.#connectedAt >= SETTLED_AFTER) {
      this.#backoff.reset();
    }

    this.#retry();
  }

  #retry() {
    if (!this.#running) {
      return;
    }

    const asked = this.#comeBackAt - performance.now();
    clearTimeout(this.#comeBackTimer);
    this.#comeBackAt = 0;
    this.#enter('reconnecting');
    this.#retryTimer = setTimeout(() => this.#connect('reconnecting'), asked > 0 ? asked : this.#backoff.next());
  }

  /** The instance is going away. It goes on delivering meanwhile, so the connection is kept until it is time to move. */
  #moveAfter(delayMs) {
    this.#comeBackAt = performance.now() + delayMs;
    clearTimeout(this.#comeBackTimer);
    this.#comeBackTimer = setTimeout(() => this.#connection.stop(), delayMs);
  }

  #raise(event, argument) {
    for (const handler of this.#handlers.get(event) ?? []) {
      try {
        handler(argument);
      } catch (error) {
        console.error(`A handler of "${event}" failed.`, error);
      }
    }
  }

  /** @param {State} state */
  #enter(state) {
    if (this.#state !== state) {
      this.#state = state;
      this.#stateHandlers.forEach(handler => handler(state));
    }
  }
}
