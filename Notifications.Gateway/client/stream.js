/** @import { Gap, Notification, Position, Subscribed } from './contract.js' */
/** @import { HubConnection } from '@microsoft/signalr' */
/** @import { Backoff } from './backoff.js' */

/** How many notifications of a stream wait for its handler; what comes beyond is left to the hub's log and asked for later. */
const QUEUE_LENGTH = 256;
/** As long as in the .NET client: one acknowledgement stands for all that came before it. */
const ACKNOWLEDGE_INTERVAL_MS = 2000;

/**
 * A notification, a gap, or neither: the place where the stream began for this client. `done` are the handlers that have returned.
 * @typedef {{ position: Position, notification?: Notification, gap?: Gap, done: Set<Function> }} Arrival
 */

/**
 * What a stream needs of its client.
 * @typedef {object} Host
 * @property {boolean} isDurable there is a device, so positions are kept and acknowledged
 * @property {boolean} isHandling the client runs and has a handler
 * @property {() => Promise<Position | undefined>} load the position that was saved last
 * @property {(position: Position) => Promise<void>} save
 * @property {(event: 'notification' | 'gap' | 'acknowledged', argument: any, done?: Set<Function>) => Promise<void>} raise
 * @property {() => Backoff} backoff
 * @property {(milliseconds: number) => Promise<void>} wait ends early when the client stops
 */

/**
 * One stream on its way from the hub to the handlers. Only what follows on the last one received is taken in: a lower offset is a
 * duplicate, and whatever else leaves a hole (a cursor ahead of us, a full queue) is asked of the hub again from there.
 */
export class IncomingStream {
  #name;
  #host;
  #loaded;
  /** @type {HubConnection | undefined} */
  #link;
  /** The question under way, so that its answer is known for one. @type {{ since?: Position } | undefined} */
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
   * Asks the hub for the stream, after `since` or else after the last one received.
   * @param {HubConnection} link
   * @param {Position} [since]
   */
  async subscribe(link, since) {
    await this.#loaded;
    this.#enter(link);
    this.#received = since ?? this.#received;
    await this.#ask(link);
  }

  /**
   * The same on a new connection, again until that works or the connection is gone.
   * @param {HubConnection} link
   * @param {Position} [since]
   */
  async resubscribe(link, since) {
    await this.#loaded;
    this.#enter(link);
    this.#received = since ?? this.#received;
    await this.#askUntilItWorks(link);
  }

  /**
   * @param {HubConnection} link
   * @param {Subscribed} subscribed
   */
  async onSubscribed(link, { epoch, offset, recovered }) {
    await this.#loaded;
    this.#enter(link);
    const announced = { epoch, offset };
    const asked = this.#asked;
    this.#asked = undefined;
    const known = this.#received;
    if (known === undefined) {
      this.#begin(announced, recovered ? undefined : { stream: this.#name, before: null, after: announced });
    } else if (epoch === known.epoch && recovered && asked && offset === asked.since?.offset) {
      // As asked. What was received while the answer was on its way comes again, and is dropped.
    } else if (epoch === known.epoch && !asked) {
      // Where the hub thinks that this device stands. Only our own position tells whether something lies between, or whether
      // the store went back to a time before it.
      if (offset !== known.offset) {
        this.#askUntilItWorks(link);
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
   * @param {HubConnection} link
   * @param {Notification} notification
   */
  async onNotification(link, notification) {
    await this.#loaded;
    const known = this.#received;
    if (this.#link !== link || known === undefined) {
      return;
    }

    const { epoch, offset } = notification;
    if (epoch === known.epoch && offset === known.offset + 1) {
      this.#accept(notification);
    } else if ((epoch !== known.epoch || offset > known.offset) && !this.#asked && !this.#isBehind) {
      this.#askUntilItWorks(link);
    }
  }

  /** Handles what waits, one at a time in order, until there is no more or the client stops. */
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

  /** The client stops: what no handler has begun on is let go, and comes again. */
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

  /** @param {HubConnection} link */
  #enter(link) {
    if (this.#link === link) {
      return;
    }

    if (this.#link !== undefined && !this.#host.isDurable) {
      // Live only: it goes on wherever the stream is now.
      this.#received = undefined;
    }

    this.#link = link;
    this.#asked = undefined;
    this.#acknowledged = undefined;
  }

  /** Is under way when it returns: what arrives next knows that the question is asked. @param {HubConnection} link */
  async #ask(link) {
    const asked = { since: this.#received };
    this.#asked = asked;
    try {
      await link.invoke('Subscribe', this.#name, asked.since ?? null);
    } catch (error) {
      if (this.#asked === asked) {
        this.#asked = undefined;
      }

      throw error;
    }
  }

  /** @param {HubConnection} link */
  async #askUntilItWorks(link) {
    const backoff = this.#host.backoff();
    while (this.#link === link && isOpen(link)) {
      try {
        await this.#ask(link);
        return;
      } catch (error) {
        if (isOpen(link)) {
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
      // Not taken, so not received.
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
      if (this.#link && isOpen(this.#link)) {
        this.#askUntilItWorks(this.#link);
      }
    }
  }

  /**
   * @param {Arrival} arrival
   * @returns {Promise<boolean>} false if the client stopped before it was done
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
          // Before it is acknowledged: a store that is behind the hub's cursor would have the difference delivered again.
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

  /** The client stops, or its page goes: what was handled is acknowledged while there is a connection. */
  async flush() {
    const link = this.#link;
    if (link !== undefined && this.#isToAcknowledge(this.#handled, link)) {
      await this.#sendAcknowledgement(link, this.#handled);
    }
  }

  /** The first at once, then the newest position at an interval: a position stands for all before it. */
  async #acknowledge() {
    const link = this.#link;
    if (link === undefined || this.#acknowledging === link) {
      return;
    }

    this.#acknowledging = link;
    for (let position = this.#handled; this.#isToAcknowledge(position, link); position = this.#handled) {
      await this.#sendAcknowledgement(link, position);
      await this.#host.wait(ACKNOWLEDGE_INTERVAL_MS);
    }

    if (this.#acknowledging === link) {
      this.#acknowledging = undefined;
    }
  }

  /**
   * Without an answer: where the hub has not got it, the next connection begins before it, and it is sent again.
   * @param {HubConnection} link
   * @param {Position} position
   */
  async #sendAcknowledgement(link, position) {
    this.#acknowledged = position;
    try {
      await link.send('Acknowledge', this.#name, position.epoch, position.offset);
      await this.#host.raise('acknowledged', { stream: this.#name, ...position });
    } catch (error) {
      // Without the connection there is nothing to say: the next one begins with what was not acknowledged.
      if (isOpen(link)) {
        this.#acknowledged = undefined;
        console.error(`Acknowledging in ${this.#name} failed.`, error);
      }
    }
  }

  /**
   * @param {Position | undefined} position
   * @param {HubConnection} link
   * @returns {position is Position}
   */
  #isToAcknowledge(position, link) {
    return this.#host.isDurable && position !== undefined && position.offset > 0 && position !== this.#acknowledged && this.#link === link && isOpen(link);
  }
}

/** @param {HubConnection} link */
function isOpen(link) {
  return link.state === 'Connected';
}
