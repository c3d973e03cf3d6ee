/**
 * How long to wait before the next attempt: anything up to a ceiling that doubles from a first to a last one. Clients that lost
 * the same server at the same moment so come back spread over time ("full jitter").
 */
export class Backoff {
  #first;
  #last;
  #ceiling;

  /**
   * @param {number} first milliseconds
   * @param {number} last milliseconds
   */
  constructor(first, last) {
    this.#first = this.#ceiling = first;
    this.#last = last;
  }

  /** @returns {number} milliseconds */
  next() {
    const delay = Math.random() * this.#ceiling;
    this.#ceiling = Math.min(this.#ceiling * 2, this.#last);
    return delay;
  }

  reset() {
    this.#ceiling = this.#first;
  }
}
