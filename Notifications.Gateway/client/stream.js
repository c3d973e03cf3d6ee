/** @import { Gap, Notification, Position, Subscribed } from './contract.js' */
/** @import { HubConnection } from '@microsoft/signalr' */
/** @import { Backoff } from './backoff.js' */

/** How many notifications of a stream wait for its handler. Further notifications stay in the hub's log, and the client asks for them later. */
const QUEUE_LENGTH = 256;
/** The same interval as in the .NET client. One acknowledgement stands for all notifications before it. */
const ACKNOWLEDGE_INTERVAL_MS = 2000;

/**
 * A notification or a gap. With neither, it is the position where the stream began for this client. `done` has the handlers that have returned.
 * @typedef {{ position: Position, notification?: Notification, gap?: Gap, done: Set<Function> }} Arrival
 */

/**
 * What a stream needs of its client.
 * @typedef {object} Host
 * @property {boolean} isDurable whether there is a device, so that positions are kept and acknowledged
 * @property {boolean} isHandling whether the client runs and has a handler
 * @property {() => Promise<Position | undefined>} load the position that was saved last
 * @property {(position: Position) => Promise<void>} save
 * @property {(event: 'notification' | 'gap' | 'acknowledged', argument: any, done?: Set<Function>) => Promise<void>} raise
 * @property {() => Backoff} backoff
 * @property {(milliseconds: number) => Promise<void>} wait ends early when the client stops
 */

/**
 * One stream on its way from the hub to the handlers. The queue takes a notification only if it follows the last one that was received. A
 * lower offset is a duplicate. When notifications are missing (the queue was full, or the hub began at a later cursor), the hub is asked for
 * them again.
 */
export class IncomingStream {
  #name;
  #host;
  #loaded;
  /** @type {HubConnection | undefined} */
  #connection;
  /** The call of Subscribe under way. It is kept to recognize the hub's answer. @type {{ since?: Position } | undefined} */
  #asked;
  /** @type {Arrival[]} */
  #queue = [];
  #isPumping = false;
  #isBehind = false;
  /** @type {Position | undefined} */
  #received;
  /** @type {Position | undefined} */
  #handled;
  /** @type {Position | undefined} */
  #acknowledged;
  /** @type {HubConnection | undefined} */
  #acknowledging;

  /**
   * @param {string} name
   * @param {Host} host
   */
  constructor(name, host) {
    this.#name = name;
    this.#host = host;
    this.#loaded = this.#load();
  }

  /**
   * Asks the hub for the stream, after `since` or else after the last position that was received.
   * @param {HubConnection} connection
   * @param {Position} [since]
   */
  async subscribe(connection, since) {
    await this.#loaded;
    this.#enter(connection);
    this.#received = since ?? this.#received;
    await this.#ask(connection);
  }

  /**
   * Does the same as `subscribe`, and repeats it until it succeeds or the connection is gone.
   * @param {HubConnection} connection
   * @param {Position} [since]
   */
  async resubscribe(connection, since) {
    await this.#loaded;
    this.#enter(connection);
    this.#received = since ?? this.#received;
    await this.#askUntilItWorks(connection);
  }

  /**
   * @param {HubConnection} connection
   * @param {Subscribed} subscribed
   */
  async onSubscribed(connection, { epoch, offset, recovered }) {
    await this.#loaded;
    this.#enter(connection);
    const announced = { epoch, offset };
    const asked = this.#asked;
    this.#asked = undefined;
    const known = this.#received;
    if (known === undefined) {
      this.#begin(announced, recovered ? undefined : { stream: this.#name, before: null, after: announced });
    } else if (epoch === known.epoch && recovered && asked && offset === asked.since?.offset) {
      // The hub goes on at the position that was asked for. Notifications received before the answer come again and are dropped.
    } else if (epoch === known.epoch && !asked) {
      // The hub begins at the device's cursor. Only this client's own position tells whether notifications lie in between, or whether
      // the store has gone back to an older position.
      if (offset !== known.offset) {
        this.#askUntilItWorks(connection);
      }
    } else {
      this.#begin(announced, { stream: this.#name, before: known, after: announced });
    }

    if (this.#handled?.epoch === epoch) {
      // An acknowledgement may have been lost with the last connection or the last hub.
      this.#acknowledge();
    }
  }

  /**
   * Called by the client for each event `notification` of the hub.
   * @param {HubConnection} connection
   * @param {Notification} notification
   */
  async onNotification(connection, notification) {
    await this.#loaded;
    const known = this.#received;
    if (this.#connection !== connection || known === undefined) {
      return;
    }

    const { epoch, offset } = notification;
    if (epoch === known.epoch && offset === known.offset + 1) {
      this.#accept(notification);
    } else if ((epoch !== known.epoch || offset > known.offset) && !this.#asked && !this.#isBehind) {
      this.#askUntilItWorks(connection);
    }
  }

  /** Handles the queue one item at a time, in order, until it is empty or the client stops. */
  async pump() {
    if (this.#isPumping) {
      return;
    }

    this.#isPumping = true;
    while (this.#host.isHandling && this.#queue.length > 0) {
      const arrival = this.#queue[0];
      if (await this.#handle(arrival)) {
        this.#queue.shift();
        this.#handled = arrival.position;
        this.#acknowledge();
        this.#askForTheRest();
      }
    }

    this.#isPumping = false;
  }

  /** Called when the client stops. Drops the queued items that no handler has begun: they come again. */
  pause() {
    this.#queue = this.#queue.filter((arrival, i) => i === 0 && (this.#isPumping || arrival.done.size > 0));
    this.#received = this.#queue[0]?.position ?? this.#handled;
    this.#isBehind = false;
  }

  async #load() {
    if (this.#host.isDurable) {
      try {
        this.#received = this.#handled = await this.#host.load();
      } catch (error) {
        console.error(`The position in ${this.#name} could not be read. It goes on where the hub knows that this device stands.`, error);
      }
    }
  }

  /** @param {HubConnection} connection */
  #enter(connection) {
    if (this.#connection === connection) {
      return;
    }

    if (this.#connection !== undefined && !this.#host.isDurable) {
      // Without a device delivery is live only: it goes on at the present end of the stream.
      this.#received = undefined;
    }

    this.#connection = connection;
    this.#asked = undefined;
    this.#acknowledged = undefined;
  }

  /** Calls Subscribe. `#asked` is set before the first await, so messages that arrive next find it. @param {HubConnection} connection */
  async #ask(connection) {
    const asked = { since: this.#received };
    this.#asked = asked;
    try {
      await connection.invoke('Subscribe', this.#name, asked.since ?? null);
    } catch (error) {
      if (this.#asked === asked) {
        this.#asked = undefined;
      }

      throw error;
    }
  }

  /** @param {HubConnection} connection */
  async #askUntilItWorks(connection) {
    const backoff = this.#host.backoff();
    while (this.#connection === connection && isOpen(connection)) {
      try {
        await this.#ask(connection);
        return;
      } catch (error) {
        if (isOpen(connection)) {
          console.error(`Subscribing to ${this.#name} failed.`, error);
        }
      }

      await this.#host.wait(backoff.next());
    }
  }

  /**
   * @param {Position} position
   * @param {Gap} [gap]
   */
  #begin(position, gap) {
    this.#received = position;
    this.#queue.push({ position, gap, done: new Set() });
    this.pump();
  }

  /** @param {Notification} notification */
  #accept(notification) {
    if (this.#queue.length >= QUEUE_LENGTH) {
      // The queue is full, so this counts as not received.
      this.#isBehind = true;
      return;
    }

    this.#received = { epoch: notification.epoch, offset: notification.offset };
    this.#queue.push({ position: this.#received, notification, done: new Set() });
    this.pump();
  }

  #askForTheRest() {
    if (this.#isBehind && this.#queue.length <= QUEUE_LENGTH / 2) {
      this.#isBehind = false;
      if (this.#connection && isOpen(this.#connection)) {
        this.#askUntilItWorks(this.#connection);
      }
    }
  }

  /**
   * @param {Arrival} arrival
   * @returns {Promise<boolean>} false when the client stopped before the item was handled
   */
  async #handle({ position, notification, gap, done }) {
    const backoff = this.#host.backoff();
    do {
      try {
        if (notification) {
          await this.#host.raise('notification', notification, done);
        } else if (gap) {
          await this.#host.raise('gap', gap, done);
        }

        if (this.#host.isDurable) {
          // Saved before it is acknowledged: if the store were behind the hub's cursor, the difference would be delivered again.
          await this.#host.save(position);
        }

        return true;
      } catch (error) {
        console.error(`${this.#name}: offset ${position.offset} could not be handled and is tried again.`, error);
      }

      await this.#host.wait(backoff.next());
    } while (this.#host.isHandling);
    return false;
  }

  /** Called when the client stops or its page is left. Acknowledges the last handled position while there is a connection. */
  async flush() {
    const connection = this.#connection;
    if (connection !== undefined && this.#isToAcknowledge(this.#handled, connection)) {
      await this.#sendAcknowledgement(connection, this.#handled);
    }
  }

  /** Acknowledges the first position at once, and then the newest position at an interval. A position stands for all before it. */
  async #acknowledge() {
    const connection = this.#connection;
    if (connection === undefined || this.#acknowledging === connection) {
      return;
    }

    this.#acknowledging = connection;
    for (let position = this.#handled; this.#isToAcknowledge(position, connection); position = this.#handled) {
      await this.#sendAcknowledgement(connection, position);
      await this.#host.wait(ACKNOWLEDGE_INTERVAL_MS);
    }

    if (this.#acknowledging === connection) {
      this.#acknowledging = undefined;
    }
  }

  /**
   * Sends an acknowledgement without waiting for an answer. If it is lost, the next connection begins before this position, and it is sent again.
   * @param {HubConnection} connection
   * @param {Position} position
   */
  async #sendAcknowledgement(connection, position) {
    this.#acknowledged = position;
    try {
      await connection.send('Acknowledge', this.#name, position.epoch, position.offset);
      await this.#host.raise('acknowledged', { stream: this.#name, ...position });
    } catch (error) {
      // When the connection is gone, nothing is logged: the next connection begins with this acknowledgement.
      if (isOpen(connection)) {
        this.#acknowledged = undefined;
        console.error(`Acknowledging in ${this.#name} failed.`, error);
      }
    }
  }

  /**
   * @param {Position | undefined} position
   * @param {HubConnection} connection
   * @returns {position is Position}
   */
  #isToAcknowledge(position, connection) {
    return this.#host.isDurable && position !== undefined && position.offset > 0 && position !== this.#acknowledged && this.#connection === connection && isOpen(connection);
  }
}

/** @param {HubConnection} connection */
function isOpen(connection) {
  return connection.state === 'Connected';
}
