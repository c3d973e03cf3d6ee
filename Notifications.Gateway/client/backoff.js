const FIRST_CEILING = 500;
const LAST_CEILING = 20_000;

/**
 * How long to wait before the next attempt: anything up to a ceiling that doubles from 0.5 s to 20 s. Clients that lost the
 * same server at the same moment so come back spread over time ("full jitter").
 */
export class Backoff {
  #ceiling = FIRST_CEILING;

  /** @returns {number} milliseconds */
  next() {
    const delay = Math.random() * this.#ceiling;
    this.#ceiling = Math.min(this.#ceiling * 2, LAST_CEILING);
    return delay;
  }

  reset() {
    this.#ceiling = FIRST_CEILING;
  }
}
